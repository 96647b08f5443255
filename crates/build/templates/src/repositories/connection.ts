import { drizzle } from 'drizzle-orm/node-postgres';
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { type Actor, ANONYMOUS } from '../types/actor.js';
import { askAs, identify } from './asker.js';
import type { Transaction } from './database.js';

type Send = (statement: QueryConfig, values?: unknown[]) => Promise<QueryResult>;

/** A place on a connection that belongs to one read at a time. */
interface Seat {
  readonly tx: Transaction;
  actor: Actor | undefined;
}

const MOST_PREPARED = 200;

/** A connection of the pool, for one transaction or for several reads. */
export class Connection {
  /** For whoever has the connection alone. */
  readonly tx: Transaction;
  readonly #names = new Map<string, string>();
  readonly #free: Seat[] = [];
  #ready: Promise<unknown> | undefined;

  constructor(readonly client: PoolClient) {
    this.tx = this.#through((statement, values) => client.query(statement, values));
  }

  /** Runs one statement that only reads, as this actor. Others may do so at the same time. */
  async read<Result>(actor: Actor, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    this.#ready ??= this.client.query(identify(ANONYMOUS));
    await this.#ready;
    const seat = this.#free.pop() ?? this.#seat();
    seat.actor = actor;
    try {
      return await work(seat.tx);
    } finally {
      seat.actor = undefined;
      this.#free.push(seat);
    }
  }

  #seat(): Seat {
    const send: Send = async (statement, values) => {
      const { actor } = seat;
      seat.actor = undefined;
      if (actor === undefined) {
        throw new Error('a read has one statement; more of them need a transaction');
      }
      return askAs(this.client, actor, statement, values);
    };
    const seat: Seat = { tx: this.#through(send), actor: undefined };
    return seat;
  }

  #through(send: Send): Transaction {
    const query: Send = (statement, values) => send(this.#named(statement), values);
    return drizzle(Object.assign(Object.create(this.client) as PoolClient, { query }));
  }

  /** The same few statements come over and over: a connection plans each of them once, under a name. */
  #named(statement: QueryConfig): QueryConfig {
    const name = this.#names.get(statement.text) ?? (this.#names.size < MOST_PREPARED ? `s${this.#names.size}` : undefined);
    if (name === undefined) {
      return statement;
    }
    this.#names.set(statement.text, name);
    return { ...statement, name };
  }
}
