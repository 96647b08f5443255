import { describe, expect, it } from 'vitest';
import { Cache } from '../../src/utils/cache.js';

describe('a cache', () => {
  function scene() {
    let now = 0;
    let made = 0;
    const cache = new Cache<number>(10, 100, () => now);
    const get = (key = 'a') =>
      cache.get(key, async () => {
        made += 1;
        return made;
      });
    return { cache, get, later: (seconds: number) => (now += seconds * 1_000) };
  }

  it('keeps answers until their time is over', async () => {
    const { get, later } = scene();
    expect([await get(), await get()]).toEqual([1, 1]);
    later(9);
    expect(await get()).toBe(1);
    later(1);
    expect(await get()).toBe(2);
  });

  it('works an answer out once, however many ask', async () => {
    const { get } = scene();
    expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1]);
  });

  it('keeps no failures', async () => {
    const { cache, get } = scene();
    await expect(cache.get('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await get()).toBe(1);
  });

  it('keeps a hundred answers and not one more', async () => {
    const { get } = scene();
    for (let at = 0; at <= 100; at += 1) {
      await get(String(at));
    }
    expect(await get('1')).toBe(2);
    expect(await get('0')).toBe(102);
  });

  it('forgets what it is told to', async () => {
    const { cache, get } = scene();
    await get();
    cache.clear();
    expect(await get()).toBe(2);
  });
});
