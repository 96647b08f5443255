import type { Actor } from '../types/actor.js';
import type { Connection } from './connection.js';
import type { Transaction } from './database.js';

/** So many reads may wait for one another. */
const MOST_TOGETHER = 8;

/** A connection that reads share. */
interface Shared {
  readonly connection: Promise<Connection>;
  joined: number;
  running: number;
  failed: boolean;
}

/**
 * Reads by a key that begin in the same turn of the process travel together, on one connection: the busier the service is, the fewer
 * messages a read costs. Each of them stays a transaction of its own.
 */
export class Reads {
  #open: Shared | undefined;

  constructor(private readonly connect: () => Promise<Connection>) {}

  /** For a read that is quick, however many rows there are: others wait for it. */
  async together<Result>(actor: Actor, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    return this.#run(this.#join(), actor, work);
  }

  /** For a read that may take its time. */
  async alone<Result>(actor: Actor, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    return this.#run({ connection: this.connect(), joined: 1, running: 1, failed: false }, actor, work);
  }

  async #run<Result>(shared: Shared, actor: Actor, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    try {
      const connection = await shared.connection;
      return await connection.read(actor, work);
    } catch (error) {
      shared.failed = true;
      throw error;
    } finally {
      shared.running -= 1;
      if (shared.running === 0) {
        this.#close(shared);
        void giveBack(shared);
      }
    }
  }

  #join(): Shared {
    const shared = this.#open ?? this.#share();
    shared.joined += 1;
    shared.running += 1;
    if (shared.joined === MOST_TOGETHER) {
      this.#close(shared);
    }
    return shared;
  }

  #share(): Shared {
    const shared: Shared = { connection: this.connect(), joined: 0, running: 0, failed: false };
    this.#open = shared;
    setImmediate(() => this.#close(shared));
    return shared;
  }

  #close(shared: Shared): void {
    if (this.#open === shared) {
      this.#open = undefined;
    }
  }
}

/** What failed may have been the connection: if it cannot answer this either, nobody gets it again. */
async function giveBack(shared: Shared): Promise<void> {
  const connection = await shared.connection.catch(() => undefined);
  if (connection !== undefined) {
    const answer = shared.failed ? connection.client.query('select 1') : Promise.resolve();
    const broken = await answer.then(() => undefined, (failure: Error) => failure);
    connection.client.release(broken);
  }
}
