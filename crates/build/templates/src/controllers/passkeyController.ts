import type { Request, Response } from 'express';
import { userOf } from '../middleware/authenticate.js';
import type { Passkey } from '../models/passkey.js';
import type { PasskeyService } from '../services/passkeyService.js';
import { addPasskeyRequest, beginPasskeyRequest, passkeySignInRequest, type PasskeyView, removePasskeyRequest } from '../types/passkey.js';
import { clearPasskeySecret, passkeySecretOf, setPasskeySecret } from '../utils/cookies.js';
import { AuthenticationError } from '../utils/errors.js';
import { readRequest } from '../utils/readRequest.js';
import type { SessionAnswer } from './sessionAnswer.js';

function toView({ id, name, createdAt, lastUsedAt }: Passkey): PasskeyView {
  return { id, name, createdAt: createdAt.toISOString(), lastUsedAt: lastUsedAt?.toISOString() ?? null };
}

/** The secret of whoever was asked; it is of no use a second time. */
function takeSecret(req: Request, res: Response): string {
  const secret = passkeySecretOf(req);
  clearPasskeySecret(res);
  if (secret === undefined) {
    throw new AuthenticationError('This browser was not asked for a passkey.');
  }
  return secret;
}

export class PasskeyController {
  constructor(
    private readonly passkeys: PasskeyService,
    private readonly answer: SessionAnswer,
  ) {}

  begin = async (req: Request, res: Response): Promise<void> => {
    const { body } = readRequest(beginPasskeyRequest, req);
    const { secret, options } = await this.passkeys.begin(userOf(req), body);
    setPasskeySecret(res, secret);
    res.json({ options });
  };

  add = async (req: Request, res: Response): Promise<void> => {
    const { body } = readRequest(addPasskeyRequest, req);
    res.status(201).json(toView(await this.passkeys.add(userOf(req), takeSecret(req, res), body.name, body.credential)));
  };

  list = async (req: Request, res: Response): Promise<void> => {
    const passkeys = await this.passkeys.list(userOf(req));
    res.json({ items: passkeys.map(toView) });
  };

  remove = async (req: Request, res: Response): Promise<void> => {
    const { params } = readRequest(removePasskeyRequest, req);
    await this.passkeys.remove(userOf(req), params.id);
    res.status(204).end();
  };

  beginSignIn = async (_req: Request, res: Response): Promise<void> => {
    const { secret, options } = await this.passkeys.beginSignIn();
    setPasskeySecret(res, secret);
    res.json({ options });
  };

  signIn = async (req: Request, res: Response): Promise<void> => {
    const { body } = readRequest(passkeySignInRequest, req);
    this.answer.send(req, res, await this.passkeys.signIn(takeSecret(req, res), body.credential));
  };
}
