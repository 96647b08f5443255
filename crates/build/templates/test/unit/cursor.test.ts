import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../src/utils/cursor.js';
import { ValidationError } from '../../src/utils/errors.js';

describe('cursors', () => {
  it('come back as they were', () => {
    const value = fc.oneof(fc.string({ maxLength: 200 }), fc.integer());
    fc.assert(
      fc.property(value, fc.uuid(), (value, id) => {
        const cursor = { sort: '-createdAt', value, id };
        expect(decodeCursor(encodeCursor(cursor), '-createdAt')).toEqual(cursor);
      }),
    );
  });

  it('are refused when they are made up, or of another order', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(text, 'id')).toThrow(ValidationError);
      }),
    );
    const cursor = encodeCursor({ sort: 'title', value: 'a', id: '00000000-0000-4000-8000-000000000000' });
    expect(() => decodeCursor(cursor, '-title')).toThrow(ValidationError);
  });
});
