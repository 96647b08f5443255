import type { Request, Response } from 'express';
import type { Csrf } from '../middleware/csrf.js';
import type { Account } from '../models/user.js';
import type { SignedIn } from '../services/authService.js';
import type { TokenService } from '../services/tokenService.js';
import type { UserView } from '../types/auth.js';
import { setTokens } from '../utils/cookies.js';

export function toUserView({ id, email, name, role }: Account): UserView {
  return { id, email, name, role };
}

/** What everybody gets who has just signed in: cookies, their account and a CSRF token. */
export class SessionAnswer {
  constructor(
    private readonly tokens: TokenService,
    private readonly csrf: Csrf,
  ) {}

  send(req: Request, res: Response, signedIn: SignedIn): void {
    req.user = signedIn.user;
    setTokens(res, signedIn, this.tokens.accessSeconds, this.tokens.refreshSeconds);
    res.json({ user: toUserView(signedIn.account), csrfToken: this.csrf.issue(req, res) });
  }
}
