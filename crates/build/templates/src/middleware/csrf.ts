import { doubleCsrf } from 'csrf-csrf';
import type { Request, RequestHandler, Response } from 'express';
import { ForbiddenError } from '../utils/errors.js';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface Csrf {
  /** Wants the header `X-CSRF-Token` with the token of this session on everything that changes something. */
  readonly protect: RequestHandler;
  /** A token for the session of `req.user`. */
  readonly issue: (req: Request, res: Response) => string;
}

/** Signed double submit: the token is bound to the session, so one of another session is worth nothing. */
export function createCsrf(secret: string): Csrf {
  const { doubleCsrfProtection, generateCsrfToken } = doubleCsrf({
    getSecret: () => secret,
    getSessionIdentifier: (req) => ⟦csrf-session│req.user?.sessionId ?? 'nobody'│'nobody'⟧,
    cookieName: '__Host-csrf',
    cookieOptions: { httpOnly: ⟦csrf-cookie│true│false⟧, secure: true, sameSite: 'strict', path: '/' },
    getCsrfTokenFromRequest: (req) => req.get('x-csrf-token'),
    errorConfig: { statusCode: 403, message: 'The CSRF token is missing or wrong.', code: 'csrf' },
  });
  return {
    protect: doubleCsrfProtection,
    issue: (req, res) => generateCsrfToken(req, res, { overwrite: true }),
  };
}

/**
 * Refuses what a foreign page makes a browser send. Browsers say where a request comes from; clients that say nothing
 * are no browsers and carry nobody's cookies by accident.
 */
export function sameOrigin(allowedOrigins: readonly string[]): RequestHandler {
  return (req, _res, next) => {
    if (SAFE_METHODS.has(req.method)) {
      next();
      return;
    }
    const origin = req.get('origin');
    const trusted = origin !== undefined && allowedOrigins.includes(origin);
    const site = req.get('sec-fetch-site');
    if (⟦foreign-origin│(origin !== undefined && !trusted)│false⟧ || ⟦fetch-metadata│(site === 'cross-site' && !trusted)│false⟧) {
      throw new ForbiddenError('Requests from this origin are refused.');
    }
    next();
  };
}
