import { describe, expect, it } from 'vitest';
import { isCommonPassword } from '../../src/utils/commonPasswords.js';

describe('passwords that are tried first', () => {
  it.each(['Password12345!', 'p4ssw0rd2026', 'qwertyuiop123', 'Welcome2026!!', 'aaaaaaaaaaaa', 'adminadmin123'])('knows %s', (password) => {
    expect(isCommonPassword(password)).toBe(true);
  });

  it.each(['correct horse battery', 'a better password', '739201846625', 'Nk4vTq9wXz2b'])('lets %s pass', (password) => {
    expect(isCommonPassword(password)).toBe(false);
  });
});
