import { describe, expect, it } from 'vitest';
import { PasswordService } from '../../src/services/passwordService.js';

const ROUNDS = 7;

describe('passwords', () => {
  const passwords = new PasswordService();

  async function duration(work: () => Promise<unknown>): Promise<number> {
    const begun = performance.now();
    await work();
    return performance.now() - begun;
  }

  it('match their own hash only', async () => {
    const hash = await passwords.hash('correct horse battery');
    expect(await passwords.matches(hash, 'correct horse battery')).toBe(true);
    expect(await passwords.matches(hash, 'correct horse')).toBe(false);
    expect(await passwords.matches(undefined, 'correct horse battery')).toBe(false);
    expect(await passwords.matches(undefined, 'a password that nobody has')).toBe(false);
  });

  it('cost as much to refuse for an account that is not there', async () => {
    const hash = await passwords.hash('correct horse battery');
    let known = Number.POSITIVE_INFINITY;
    let unknown = Number.POSITIVE_INFINITY;
    // In turns, and the fastest counts: whatever else the machine does slows both.
    for (let round = 0; round < ROUNDS; round += 1) {
      known = Math.min(known, await duration(() => passwords.matches(hash, 'wrong')));
      unknown = Math.min(unknown, await duration(() => passwords.matches(undefined, 'wrong')));
    }
    expect(unknown).toBeGreaterThan(known / 3);
  });
});
