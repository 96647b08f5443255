import type { Request, Response } from 'express';
import type { AccountService } from '../services/accountService.js';
import { confirmRequest, forgotPasswordRequest, registerRequest, resetPasswordRequest } from '../types/auth.js';
import { readRequest } from '../utils/readRequest.js';
import type { SessionAnswer } from './sessionAnswer.js';

export class AccountController {
  constructor(
    private readonly accounts: AccountService,
    private readonly answer: SessionAnswer,
  ) {}

  register = async (req: Request, res: Response): Promise<void> => {
    const { body } = readRequest(registerRequest, req);
    await this.accounts.register(body);
    res.status(202).end();
  };

  confirm = async (req: Request, res: Response): Promise<void> => {
    const { body } = readRequest(confirmRequest, req);
    this.answer.send(req, res, await this.accounts.confirm(body.token, body.password));
  };

  forgotPassword = async (req: Request, res: Response): Promise<void> => {
    const { body } = readRequest(forgotPasswordRequest, req);
    await this.accounts.forget(body.email);
    res.status(202).end();
  };

  resetPassword = async (req: Request, res: Response): Promise<void> => {
    const { body } = readRequest(resetPasswordRequest, req);
    await this.accounts.reset(body.token, body.newPassword);
    res.status(204).end();
  };
}
