import type { RequestHandler } from 'express';
import { ForbiddenError } from '../utils/errors.js';

/**
 * Browsers let every page open a socket to everywhere, with cookies, and say where the page is from. Who does not say so is
 * refused too: sockets are for the pages of our front ends.
 */
export function ownOrigin(allowedOrigins: readonly string[]): RequestHandler {
  return (req, _res, next) => {
    const origin = req.get('origin');
    if (⟦live-origin│origin === undefined || !allowedOrigins.includes(origin)│false⟧) {
      throw new ForbiddenError('Sockets from this origin are refused.');
    }
    next();
  };
}
