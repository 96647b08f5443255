import { describe, expect, it } from 'vitest';
import { base32, codeOf, matchingStep, stepAt } from '../../src/utils/totp.js';

const secret = Buffer.from('12345678901234567890');

describe('codes of authenticator apps', () => {
  // The last six digits of the test vectors in RFC 6238, appendix B.
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_234_567_890, '005924'],
    [20_000_000_000, '353130'],
  ])('at %i seconds is %s', (seconds, code) => {
    expect(codeOf(secret, stepAt(seconds * 1_000))).toBe(code);
  });

  it('reads secrets as apps do', () => {
    expect(base32(secret)).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  });

  it('are good for one step around now, and once', () => {
    const now = 1_700_000_000_000;
    const step = stepAt(now);
    for (const [distance, good] of [[-2, false], [-1, true], [0, true], [1, true], [2, false]] as const) {
      expect(matchingStep(secret, codeOf(secret, step + distance), now, 0) !== undefined, String(distance)).toBe(good);
    }
    expect(matchingStep(secret, codeOf(secret, step), now, step)).toBeUndefined();
    expect(matchingStep(secret, '12', now, 0)).toBeUndefined();
  });
});
