import pg from 'pg';
import type { Logger } from 'pino';

const AGAIN_MILLISECONDS = 1_000;
const ANSWER_MILLISECONDS = 5_000;

/** That a row has changed, at whichever instance. */
export interface Change {
  readonly table: string;
  readonly operation: string;
  readonly id: string;
}

export interface Listener {
  readonly changed: (change: Change) => void;
  /** Something may have been missed. */
  readonly missed: () => void;
}

/** Hears what changes, on a connection of its own: `listen` holds for as long as the connection does. */
export class LiveFeed {
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    private readonly url: string,
    private readonly logger: Logger,
  ) {}

  async start(listener: Listener): Promise<void> {
    const client = new pg.Client({
      connectionString: this.url,
      connectionTimeoutMillis: ANSWER_MILLISECONDS,
      query_timeout: ANSWER_MILLISECONDS,
      application_name: 'live',
    });
    client.on('error', (error) => this.logger.error({ err: error }, 'the connection for changes failed'));
    client.on('notification', ({ payload = '' }) => {
      const [table = '', operation = '', id = ''] = payload.split(' ');
      listener.changed({ table, operation, id });
    });
    try {
      await client.connect();
      await client.query('listen live');
    } catch (error) {
      await client.end();
      throw error;
    }
    if (this.#stopped) {
      await client.end();
      return;
    }
    this.#client = client;
    client.once('end', () => this.#again(listener));
  }

  /** A connection that is dead without having said so is found out. */
  async check(): Promise<void> {
    await this.#client?.query('select 1').catch(() => this.#client?.end());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#client?.end();
  }

  #again(listener: Listener): void {
    if (this.#stopped) {
      return;
    }
    listener.missed();
    this.#timer = setTimeout(async () => {
      try {
        await this.start(listener);
        // Who has come in the meantime has missed what happened in it.
        listener.missed();
      } catch (error) {
        this.logger.error({ err: error }, 'changes cannot be heard');
        this.#again(listener);
      }
    }, AGAIN_MILLISECONDS);
  }
}
