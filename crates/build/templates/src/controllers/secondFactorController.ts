import type { Request, Response } from 'express';
import { userOf } from '../middleware/authenticate.js';
import type { SecondFactorService } from '../services/secondFactorService.js';
import { addFactorRequest, confirmFactorRequest, removeFactorRequest } from '../types/secondFactor.js';
import { readRequest } from '../utils/readRequest.js';

export class SecondFactorController {
  constructor(private readonly factors: SecondFactorService) {}

  add = async (req: Request, res: Response): Promise<void> => {
    const { body } = readRequest(addFactorRequest, req);
    res.json(await this.factors.begin(userOf(req), body.password));
  };

  confirm = async (req: Request, res: Response): Promise<void> => {
    const { body } = readRequest(confirmFactorRequest, req);
    res.json({ recoveryCodes: await this.factors.confirm(userOf(req), body.code) });
  };

  remove = async (req: Request, res: Response): Promise<void> => {
    const { body } = readRequest(removeFactorRequest, req);
    await this.factors.remove(userOf(req), body.password, body.code);
    res.status(204).end();
  };
}
