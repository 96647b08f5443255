import { and, eq, lt, sql } from 'drizzle-orm';
import { idempotencyKeys } from '../models/idempotencyKey.js';
import type { Transaction } from './database.js';

export interface Claim {
  readonly userId: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly resourceId: string;
}

export class IdempotencyRepository {
  /**
   * Claims a key for a resource that this transaction will create. Somebody else's claim on the same key makes this
   * wait until their transaction has ended; then `undefined` means that the key is ours.
   */
  async claim(tx: Transaction, claim: Claim): Promise<Claim | undefined> {
    await tx
      .delete(idempotencyKeys)
      .where(and(eq(idempotencyKeys.userId, claim.userId), lt(idempotencyKeys.createdAt, sql`now() - interval '24 hours'`)));
    const [ours] = await tx.insert(idempotencyKeys).values(claim).onConflictDoNothing().returning({ key: idempotencyKeys.key });
    if (ours !== undefined) {
      return undefined;
    }
    const [earlier] = await tx
      .select()
      .from(idempotencyKeys)
      .where(and(eq(idempotencyKeys.userId, claim.userId), eq(idempotencyKeys.key, claim.key)))
      .limit(1);
    return earlier;
  }
}
