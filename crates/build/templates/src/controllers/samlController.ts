import type { Request, RequestHandler, Response } from 'express';
import type { SamlProviderName, SamlService } from '../services/samlService.js';
import { samlArrivalRequest } from '../types/saml.js';
import { clearSamlSecret, samlSecretOf, setSamlSecret } from '../utils/cookies.js';
import { AuthenticationError } from '../utils/errors.js';
import { readRequest } from '../utils/readRequest.js';
import type { SessionAnswer } from './sessionAnswer.js';

export class SamlController {
  constructor(
    private readonly saml: SamlService,
    private readonly answer: SessionAnswer,
    /** Where people are when they are signed in. */
    private readonly appUrl: string,
  ) {}

  metadata(provider: SamlProviderName): RequestHandler {
    return (_req: Request, res: Response): void => {
      res.type('application/samlmetadata+xml').send(this.saml.metadata(provider));
    };
  }

  begin(provider: SamlProviderName): RequestHandler {
    return async (_req: Request, res: Response): Promise<void> => {
      const { secret, location } = await this.saml.begin(provider);
      setSamlSecret(res, secret);
      res.redirect(302, location.href);
    };
  }

  finish(provider: SamlProviderName): RequestHandler {
    return async (req: Request, res: Response): Promise<void> => {
      const secret = samlSecretOf(req);
      clearSamlSecret(res);
      if (secret === undefined) {
        throw new AuthenticationError('This sign-in was not begun here.');
      }
      const { body } = readRequest(samlArrivalRequest, req);
      this.answer.enter(res, await this.saml.finish(provider, secret, body));
      res.redirect(303, this.appUrl);
    };
  }
}
