import { type AppError, ConflictError, ForbiddenError, UnavailableError, ValidationError } from './errors.js';

/** The SQLSTATE of an error of the driver, wherever the ORM has wrapped it. */
export function sqlState(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    if ('code' in current && typeof current.code === 'string' && /^[0-9A-Z]{5}$/.test(current.code)) {
      return current.code;
    }
    current = current.cause;
  }
  return undefined;
}

/** What a client may know of a failure of the database. */
export function fromDatabase(error: unknown): AppError | undefined {
  switch (sqlState(error)) {
    case '23505':
      return new ConflictError('Such a resource exists already.');
    case '23503':
      return new ConflictError('Another resource depends on this one.');
    case '22001':
    case '22003':
    case '23514':
      return new ValidationError([{ path: 'body', message: 'has a value that cannot be stored' }]);
    case '42501':
      return new ForbiddenError();
    case '40001':
    case '40P01':
    case '53300':
    case '55P03':
    case '57014':
    case '57P01':
    case '57P03':
      return new UnavailableError();
    default:
      return undefined;
  }
}
