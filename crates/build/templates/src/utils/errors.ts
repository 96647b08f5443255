/** An error that a client may hear of: its message is written for them. */
export abstract class AppError extends Error {
  abstract readonly status: number;
  abstract readonly code: string;

  /** Further members of the answer. */
  get details(): Readonly<Record<string, unknown>> {
    return {};
  }

  /** Further headers of the answer. */
  get headers(): Readonly<Record<string, string>> {
    return {};
  }
}

export interface FieldIssue {
  readonly path: string;
  readonly message: string;
}

export class ValidationError extends AppError {
  readonly status = 400;
  readonly code = 'validation_failed';

  constructor(private readonly issues: readonly FieldIssue[]) {
    super('The request is not valid.');
  }

  override get details(): Readonly<Record<string, unknown>> {
    return { issues: this.issues };
  }
}

export class AuthenticationError extends AppError {
  readonly status = 401;
  readonly code = 'not_authenticated';

  constructor(message = 'Sign in first.') {
    super(message);
  }
}

export class ForbiddenError extends AppError {
  readonly status = 403;
  readonly code = 'forbidden';

  constructor(message = 'You may not do this.') {
    super(message);
  }
}

export class NotFoundError extends AppError {
  readonly status = 404;
  readonly code = 'not_found';

  constructor() {
    super('There is no such resource.');
  }
}

export class ConflictError extends AppError {
  readonly status = 409;
  readonly code = 'conflict';
}

export class PreconditionFailedError extends AppError {
  readonly status = 412;
  readonly code = 'precondition_failed';

  constructor() {
    super('The resource has changed since it was read.');
  }
}

export class PayloadTooLargeError extends AppError {
  readonly status = 413;
  readonly code = 'payload_too_large';

  constructor() {
    super('The request is too large.');
  }
}

export class UnsupportedMediaTypeError extends AppError {
  readonly status = 415;
  readonly code = 'unsupported_media_type';

  constructor(message = 'Send JSON.') {
    super(message);
  }
}

export class TooManyRequestsError extends AppError {
  readonly status = 429;
  readonly code = 'too_many_requests';

  constructor(private readonly retryAfterSeconds: number) {
    super('Too many requests.');
  }

  override get headers(): Readonly<Record<string, string>> {
    return { 'Retry-After': String(this.retryAfterSeconds) };
  }
}

export class UnavailableError extends AppError {
  readonly status = 503;
  readonly code = 'unavailable';

  constructor() {
    super('The service is not available at the moment.');
  }
}
