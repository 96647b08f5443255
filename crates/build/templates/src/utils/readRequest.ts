import type { Request } from 'express';
import type { z } from 'zod';
import { ValidationError } from './errors.js';

/** Body, path, query and headers of a request as the schema describes them, or a `ValidationError`. */
export function readRequest<Schema extends z.ZodType>(schema: Schema, req: Request): z.output<Schema> {
  return readInput(schema, { body: req.body ?? {}, params: req.params, query: req.query, headers: req.headers });
}

/** The same for parts of a request that came on another way. */
export function readInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    throw new ValidationError(parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })));
  }
  return parsed.data;
}
