import { randomUUID } from 'node:crypto';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { SharedCaches } from '../../src/utils/sharedCache.js';

interface Row {
  readonly title: string;
  readonly createdAt: Date;
}

const logger = pino({ level: 'silent' });

describe('answers that instances share', () => {
  const opened: SharedCaches[] = [];
  afterAll(() => {
    for (const caches of opened) {
      caches.close();
    }
  });

  async function open(prefix: string, url = inject('cacheUrl')): Promise<SharedCaches> {
    const caches = new SharedCaches({ url, prefix }, logger);
    opened.push(caches);
    await caches.ready();
    return caches;
  }

  /** Two instances of one service, and how often they have worked something out. */
  async function scene(seconds = 60) {
    const prefix = `${randomUUID()}:`;
    const instances = [await open(prefix), await open(prefix)].map((caches) => caches.of<Row>('row', seconds, ['createdAt']));
    let made = 0;
    const make = async (): Promise<Row> => {
      made += 1;
      return { title: String(made), createdAt: new Date(made) };
    };
    const [one, other] = instances;
    if (one === undefined || other === undefined) {
      throw new Error('there are two instances');
    }
    return { prefix, one, other, make };
  }

  it('are worked out by one and shown by the other, dates included', async () => {
    const { one, other, make } = await scene();
    const row = await one.get('a', make);
    expect(await other.get('a', make)).toEqual(row);
    expect(row.createdAt).toBeInstanceOf(Date);
    expect((await other.get('a', make)).createdAt).toBeInstanceOf(Date);
  });

  it('are worked out once, however many ask', async () => {
    const { one, make } = await scene();
    const rows = await Promise.all([one.get('a', make), one.get('a', make), one.get('a', make)]);
    expect(rows.map(({ title }) => title)).toEqual(['1', '1', '1']);
  });

  it('are forgotten by all', async () => {
    const { one, other, make } = await scene();
    await one.get('a', make);
    await other.clear();
    expect((await one.get('a', make)).title).toBe('2');
  });

  it('are not kept if they were worked out before a change', async () => {
    const { one, other, make } = await scene();
    await one.get('a', async () => {
      await other.clear();
      return make();
    });
    expect((await other.get('a', make)).title).toBe('2');
  });

  it('end', async () => {
    const { one, make } = await scene(1);
    await one.get('a', make);
    await sleep(1_200);
    expect((await one.get('a', make)).title).toBe('2');
  });

  it('keep no failures, and nothing that cannot be read', async () => {
    const { prefix, one, make } = await scene();
    await expect(one.get('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await one.get('a', make);
    const other = (await open(prefix)).of<Row>('row', 60, []);
    const torn = await open(prefix);
    torn.read = async (key) => (key.endsWith(':generation') ? '0' : '{"title":');
    expect((await torn.of<Row>('row', 60, []).get('b', make)).title).toBe('2');
    expect((await other.get('a', make)).title).toBe('1');
  });

  it('cost nothing but a moment when Redis is away', async () => {
    const caches = await Promise.race([open('away:', 'redis://127.0.0.1:1'), sleep(200).then(() => opened.at(-1))]);
    const cache = caches?.of<Row>('row', 60, []);
    expect((await cache?.get('a', async () => ({ title: 'new', createdAt: new Date() })))?.title).toBe('new');
    await cache?.clear();
  });

  it('are not waited for when Redis says nothing', async () => {
    let silent = false;
    const between = createServer((socket) => {
      const { hostname, port } = new URL(inject('cacheUrl'));
      const redis = connect(Number(port), hostname);
      socket.on('error', () => {}).on('data', (chunk) => silent || redis.write(chunk));
      redis.on('error', () => {}).pipe(socket);
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    const caches = await open(`${randomUUID()}:`, `redis://127.0.0.1:${(between.address() as AddressInfo).port}`);
    silent = true;
    const begun = Date.now();
    await caches.of<Row>('row', 60, []).get('a', async () => ({ title: 'new', createdAt: new Date() }));
    expect(Date.now() - begun).toBeLessThan(2_000);
    between.close();
  });
});
