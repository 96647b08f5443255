import type { RequestHandler } from 'express';
import { UnsupportedMediaTypeError } from '../utils/errors.js';

/** A body is JSON and says so: forms and plain text are what foreign pages can send without asking. */
export const requireJson: RequestHandler = (req, _res, next) => {
  // `null` means that there is no body; browsers say so by its length.
  if (req.get('content-length') !== '0' && req.is('application/json') === false) {
    throw new UnsupportedMediaTypeError();
  }
  next();
};
