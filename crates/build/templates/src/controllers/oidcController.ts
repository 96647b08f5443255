import type { Request, RequestHandler, Response } from 'express';
import type { OidcService, ProviderName } from '../services/oidcService.js';
import { oidcArrivalRequest } from '../types/oidc.js';
import { clearOidcSecret, oidcSecretOf, setOidcSecret } from '../utils/cookies.js';
import { AuthenticationError } from '../utils/errors.js';
import { readRequest } from '../utils/readRequest.js';
import type { SessionAnswer } from './sessionAnswer.js';

export class OidcController {
  constructor(
    private readonly oidc: OidcService,
    private readonly answer: SessionAnswer,
    /** Where people are when they are signed in. */
    private readonly appUrl: string,
  ) {}

  begin(provider: ProviderName): RequestHandler {
    return async (_req: Request, res: Response): Promise<void> => {
      const { secret, location } = await this.oidc.begin(provider);
      setOidcSecret(res, secret);
      res.redirect(302, location.href);
    };
  }

  finish(provider: ProviderName): RequestHandler {
    return async (req: Request, res: Response): Promise<void> => {
      const secret = oidcSecretOf(req);
      clearOidcSecret(res);
      if (secret === undefined) {
        throw new AuthenticationError('This sign-in was not begun here.');
      }
      const { query } = readRequest(oidcArrivalRequest, req);
      this.answer.enter(res, await this.oidc.finish(provider, secret, query));
      res.redirect(303, this.appUrl);
    };
  }
}
