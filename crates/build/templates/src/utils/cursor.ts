import { z } from 'zod';
import { ValidationError } from './errors.js';

const position = z.tuple([z.string().max(40), z.union([z.string().max(600), z.number()]), z.uuid()]);

/** The last row of a page: the order it stands in, its value there, and its id. */
export interface Cursor {
  readonly sort: string;
  readonly value: string | number;
  readonly id: string;
}

export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([cursor.sort, cursor.value, cursor.id])).toString('base64url');
}

/** Reads a cursor; one that belongs to another order is refused, as its position would mean nothing. */
export function decodeCursor(text: string, sort: string): Cursor {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    value = undefined;
  }
  const parsed = position.safeParse(value);
  if (!parsed.success⟦cursor-order│ || parsed.data[0] !== sort⟧) {
    throw new ValidationError([{ path: 'query.cursor', message: 'is no cursor of this list' }]);
  }
  return { sort, value: parsed.data[1], id: parsed.data[2] };
}
