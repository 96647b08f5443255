import type { z } from 'zod';

export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** What a form shows after it was sent. */
export interface FormState {
  readonly message?: string;
  readonly issues: readonly Issue[];
}

export const UNTOUCHED: FormState = { issues: [] };

export class FormError extends Error {
  constructor(readonly issues: readonly Issue[]) {
    super('Some of this cannot be taken.');
  }
}

/** Throws what is wrong with a form before the service is asked. */
export function assertFits<Schema extends z.ZodType>(schema: Schema, values: unknown): asserts values is z.input<Schema> {
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    throw new FormError(parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })));
  }
}
