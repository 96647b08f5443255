import type { Request } from 'express';
import { describe, expect, it } from 'vitest';
import { byAddress } from '../../src/middleware/rateLimit.js';

describe('the key of an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '::ffff:192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2:ffff::1', '2001:db8:1:2'],
  ])('%s counts as %s', (ip, key) => {
    expect(byAddress({ ip } as Request)).toBe(key);
  });
});
