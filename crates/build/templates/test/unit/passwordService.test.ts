import { describe, expect, it } from 'vitest';
import { PasswordService } from '../../src/services/passwordService.js';

const ROUNDS = 7;

describe('passwords', () => {
  const passwords = new PasswordService();

  async function median(work: () => Promise<unknown>): Promise<number> {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const begun = performance.now();
      await work();
      times.push(performance.now() - begun);
    }
    return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
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
    const known = await median(() => passwords.matches(hash, 'wrong'));
    const unknown = await median(() => passwords.matches(undefined, 'wrong'));
    expect(unknown).toBeGreaterThan(known / 3);
  });
});
