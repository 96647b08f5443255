import { and, asc, eq, gt, isNull, lte, sql } from 'drizzle-orm';
import { type NewPasskey, type Passkey, passkeyChallenges, passkeys } from '../models/passkey.js';
import type { Transaction } from './database.js';

export class PasskeyRepository {
  /** Keeps what a browser is asked to sign, and forgets what nobody has answered. */
  async ask(tx: Transaction, asked: typeof passkeyChallenges.$inferInsert): Promise<void> {
    await tx.delete(passkeyChallenges).where(lte(passkeyChallenges.expiresAt, sql`now()`));
    await tx.insert(passkeyChallenges).values(asked);
  }

  /** What the browser with this secret was asked to sign for this user, or to sign in; asked once, answered once. */
  async take(tx: Transaction, secretHash: string, userId: string | undefined): Promise<string | undefined> {
    const mine = and(
      eq(passkeyChallenges.secretHash, secretHash),
⟦passkey-challenge-user│      userId === undefined ? isNull(passkeyChallenges.userId) : eq(passkeyChallenges.userId, userId),
⟧⟦passkey-challenge-expiry│      gt(passkeyChallenges.expiresAt, sql`now()`),
⟧    );
    const [taken] = await ⟦passkey-challenge-once│tx.delete(passkeyChallenges).where(mine).returning({ challenge: passkeyChallenges.challenge })│tx.select({ challenge: passkeyChallenges.challenge }).from(passkeyChallenges).where(mine)⟧;
    return taken?.challenge;
  }

  async list(tx: Transaction, userId: string): Promise<Passkey[]> {
    return tx.select().from(passkeys).where(eq(passkeys.userId, userId)).orderBy(asc(passkeys.createdAt)).limit(100);
  }

  async add(tx: Transaction, passkey: NewPasskey): Promise<Passkey> {
    const [added] = await tx.insert(passkeys).values(passkey).returning();
    if (added === undefined) {
      throw new Error('the insert returned no row');
    }
    return added;
  }

  /** Locks the passkey, so that of two answers with the same counter only one is the next. */
  async lock(tx: Transaction, credentialId: string): Promise<Passkey | undefined> {
    const [found] = await tx.select().from(passkeys).where(eq(passkeys.credentialId, credentialId)).limit(1).for('update');
    return found;
  }

  async use(tx: Transaction, id: string, counter: number): Promise<void> {
    await tx.update(passkeys).set({ ⟦passkey-counter│counter, ⟧lastUsedAt: sql`now()` }).where(eq(passkeys.id, id));
  }

  /** Whether there was such a passkey of this user. */
  async remove(tx: Transaction, id: string, userId: string): Promise<boolean> {
    const removed = await tx
      .delete(passkeys)
      .where(⟦passkey-owner│and(eq(passkeys.id, id), eq(passkeys.userId, userId))│eq(passkeys.id, id)⟧)
      .returning({ id: passkeys.id });
    return removed.length > 0;
  }
}
