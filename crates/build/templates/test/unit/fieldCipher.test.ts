import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldCipher } from '../../src/utils/fieldCipher.js';

const first = { version: '1', key: randomBytes(32) };
const second = { version: '2', key: randomBytes(32) };

describe('the field cipher', () => {
  it('opens what it has sealed, and shows nothing of it', () => {
    const cipher = new FieldCipher([first]);
    fc.assert(
      fc.property(fc.string({ minLength: 8, unit: 'grapheme' }), (text) => {
        const sealed = cipher.seal(text, 'here');
        expect(sealed).not.toContain(text);
        expect(cipher.open(sealed, 'here')).toBe(text);
      }),
    );
  });

  it('seals the same text differently each time', () => {
    const cipher = new FieldCipher([first]);
    expect(cipher.seal('text', 'here')).not.toBe(cipher.seal('text', 'here'));
  });

  it('notices changes, and ciphers that were moved', () => {
    const cipher = new FieldCipher([first]);
    const sealed = cipher.seal('text', 'table.column:1');
    expect(() => cipher.open(sealed, 'table.column:2')).toThrow();
    const [version, nonce, text, tag = ''] = sealed.split('.');
    expect(() => cipher.open([version, nonce, text, tag.slice(0, 6)].join('.'), 'table.column:1')).toThrow();
    expect(() => cipher.open([version, nonce, 'AAAAAA', tag].join('.'), 'table.column:1')).toThrow();
  });

  it('seals with the newest key and opens with old ones', () => {
    const sealed = new FieldCipher([first]).seal('text', 'here');
    const rotated = new FieldCipher([second, first]);
    expect(rotated.open(sealed, 'here')).toBe('text');
    expect(rotated.seal('text', 'here')).toMatch(/^2\./);
    expect(() => new FieldCipher([second]).open(sealed, 'here')).toThrow('version 1');
    expect(() => new FieldCipher([])).toThrow('no key');
  });
});
