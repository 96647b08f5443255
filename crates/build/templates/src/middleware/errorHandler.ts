import type { ErrorRequestHandler, RequestHandler } from 'express';
import { fromDatabase } from '../utils/databaseErrors.js';
import {
  AppError,
  ForbiddenError,
  NotFoundError,
  PayloadTooLargeError,
  UnsupportedMediaTypeError,
  ValidationError,
} from '../utils/errors.js';

export const notFound: RequestHandler = () => {
  throw new NotFoundError();
};

/** The last word on every failure: problem details for the client, the cause for the log, and never the one for the other. */
export const errorHandler: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (res.headersSent) {
    next(error);
    return;
  }
  const known = translate(error);
  if (known === undefined) {
    req.log.error({ err: error }, 'a request failed');
  } else if (known.status >= 500) {
    req.log.warn({ err: error }, 'a request could not be served');
  }
  const status = known?.status ?? 500;
  res
    .status(status)
    .set(known?.headers ?? {})
    .type('application/problem+json')
    .json({
      type: 'about:blank',
      status,
      code: known?.code ?? 'internal',
      title: known?.message ?? ⟦hidden-causes│'Something went wrong on our side.'│String(error instanceof Error ? error.cause : error)⟧,
      requestId: req.id,
      ...known?.details,
    });
};

function translate(error: unknown): AppError | undefined {
  if (error instanceof AppError) {
    return error;
  }
  return fromHttp(error) ?? fromDatabase(error);
}

/** Errors of the body parser, of the path parser and of csrf-csrf. */
function fromHttp(error: unknown): AppError | undefined {
  if (!(error instanceof Error) || !('status' in error || 'statusCode' in error)) {
    return undefined;
  }
  const status = 'status' in error ? error.status : error.statusCode;
  switch (status) {
    case 400:
      return new ValidationError([{ path: '', message: 'cannot be read' }]);
    case 403:
      return new ForbiddenError('The CSRF token is missing or wrong.');
    case 413:
      return new PayloadTooLargeError();
    case 415:
      return new UnsupportedMediaTypeError();
    default:
      return undefined;
  }
}
