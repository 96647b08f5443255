import type { Actor } from '../types/actor.js';
import type { Transaction } from './database.js';

/**
 * A statement that is put together once for each connection and kind of actor, and then only filled in. What differs between
 * two actors of the same role must be a placeholder.
 */
export function prepared<Statement>(prepare: (tx: Transaction, actor: Actor) => Statement): (tx: Transaction, actor: Actor) => Statement {
  const known = new WeakMap<Transaction, Map<string, Statement>>();
  return (tx, actor) => {
    const here = known.get(tx) ?? new Map<string, Statement>();
    known.set(tx, here);
    const kind = actor.kind === 'user' ? actor.role : `(${actor.kind})`;
    const statement = here.get(kind) ?? prepare(tx, actor);
    here.set(kind, statement);
    return statement;
  };
}
