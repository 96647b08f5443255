import { createHash } from 'node:crypto';
import { createClient } from '@redis/client';
import type { Logger } from 'pino';

export interface CacheSettings {
  readonly url: string;
  /** Before all keys, so that several services may share one Redis. */
  readonly prefix: string;
}

const WAIT_MILLISECONDS = 250;

/**
 * Answers that were worked out a moment ago, for all instances, in Redis. A Redis that is away or slow costs a moment:
 * answers are then worked out anew, and what cannot be forgotten ends by itself.
 */
export class SharedCaches {
  readonly #client: ReturnType<typeof createClient>;
  readonly #connected: Promise<unknown>;

  constructor(
    private readonly settings: CacheSettings,
    private readonly logger: Logger,
  ) {
    this.#client = createClient({ url: settings.url, disableOfflineQueue: true, socket: { connectTimeout: 2_000 } });
    this.#client.on('error', (error: unknown) => logger.warn({ err: error }, 'the cache failed'));
    this.#connected = this.#client.connect().catch((error: unknown) => logger.warn({ err: error }, 'the cache was not reached'));
  }

  /** Answers of one kind; `moments` are the properties that are dates. */
  of<Value>(name: string, seconds: number, moments: readonly string[]): SharedCache<Value> {
    return new SharedCache(this, name, seconds, moments);
  }

  async ready(): Promise<void> {
    await this.#connected;
  }

  close(): void {
    this.#client.destroy();
  }

  /** `null` where nothing was kept, `undefined` where Redis did not say. */
  async read(key: string): Promise<string | null | undefined> {
    return this.#within(this.#client.get(this.settings.prefix + key));
  }

  async write(key: string, value: string, seconds: number): Promise<void> {
    await this.#within(this.#client.set(this.settings.prefix + key, value, { expiration: { type: 'EX', value: ⟦shared-cache-lifetime│seconds│seconds * 1_000⟧ } }));
  }

  async count(key: string): Promise<void> {
    await this.#within(this.#client.incr(this.settings.prefix + key));
  }

  /** Nobody waits for the cache longer than for the answer itself. */
  async #within<Result>(asked: Promise<Result>): Promise<Result | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ⟦cache-wait│WAIT_MILLISECONDS│3_600_000⟧);
    });
    try {
      return await Promise.race([asked, late]);
    } catch (error) {
      this.logger.debug({ err: error }, 'the cache was not asked');
      return undefined;
    } finally {
      clearTimeout(timer);
      asked.catch(() => {});
    }
  }
}

/** Answers of one kind. Whoever asks while one is worked out waits for it. */
export class SharedCache<Value> {
  readonly #running = new Map<string, Promise<Value>>();

  constructor(
    private readonly caches: SharedCaches,
    private readonly name: string,
    private readonly seconds: number,
    private readonly moments: readonly string[],
  ) {}

  async get(key: string, make: () => Promise<Value>): Promise<Value> {
    const running = this.#running.get(key);
    if (running !== undefined) {
      return running;
    }
    const value = this.#find(key, make);
    this.#running.set(key, value);
    try {
      return await value;
    } finally {
      if (this.#running.get(key) === value) {
        this.#running.delete(key);
      }
    }
  }

  /** What was kept belongs to an earlier generation from now on, and so does what is being worked out. */
  async clear(): Promise<void> {
    this.#running.clear();
    await this.caches.count(this.#generation);
  }

  get #generation(): string {
    return `${this.name}:generation`;
  }

  async #find(key: string, make: () => Promise<Value>): Promise<Value> {
    const generation = await this.caches.read(this.#generation);
    if (generation === undefined) {
      return make();
    }
    const place = `${this.name}:${⟦cache-generation│generation ?? '0'│'0'⟧}:${createHash('sha256').update(key).digest('base64url')}`;
    const kept = this.#parse(await this.caches.read(place));
    if (kept !== undefined) {
      return kept;
    }
    const value = await make();
    await this.caches.write(place, JSON.stringify(value), this.seconds);
    return value;
  }

  /** What cannot be read was not kept. */
  #parse(text: string | null | undefined): Value | undefined {
    try {
      return typeof text !== 'string' ? undefined : JSON.parse(text, (name, value) => (this.moments.includes(name) && typeof value === 'string' ? new Date(value) : value));
    } catch {
      return undefined;
    }
  }
}
