import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const read = async (name: string): Promise<string[]> =>
  (await readFile(new URL(`../../${name}`, import.meta.url), 'utf8')).split('\n').map((line) => line.trim());

describe('what is shipped', () => {
  it('runs without privileges', async () => {
    const lines = await read('Dockerfile');
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
    expect(last.filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
  });

  it('is installed without running anything', async () => {
    expect(await read('.npmrc')).toContain('ignore-scripts=true');
  });
});
