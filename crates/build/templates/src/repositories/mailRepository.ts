import { randomUUID } from 'node:crypto';
import { and, eq, gt, inArray, isNull, lte, sql } from 'drizzle-orm';
import { type MailKind, mails, mailTokens, type QueuedMail, type TokenPurpose } from '../models/mail.js';
import type { Transaction } from './database.js';

export class MailRepository {
  /** In the transaction of its reason: no mail about what did not happen, and no mail that is lost. */
  async enqueue(tx: Transaction, kind: MailKind, recipient: string): Promise<void> {
    await tx.insert(mails).values({ id: randomUUID(), kind, recipient });
  }

  /** Takes mails that are due, for a while that grows with every attempt; other instances take others. */
  async claim(tx: Transaction, most: number): Promise<QueuedMail[]> {
    const due = tx
      .select({ id: mails.id })
      .from(mails)
      .where(lte(mails.dueAt, sql`now()`))
      .orderBy(mails.dueAt)
      .limit(most)
      .for('update', { skipLocked: true });
    return tx
      .update(mails)
      .set({ attempts: sql`${mails.attempts} + 1`, dueAt: sql`now() + interval '1 minute' * power(2, ${mails.attempts})` })
      .where(inArray(mails.id, due))
      .returning();
  }

  async remove(tx: Transaction, id: string): Promise<void> {
    await tx.delete(mails).where(eq(mails.id, id));
  }

  /** A new token ends the ones before it. */
  async addToken(tx: Transaction, token: { tokenHash: string; userId: string; purpose: TokenPurpose; expiresAt: Date }): Promise<void> {
⟦newest-token│    await tx
      .update(mailTokens)
      .set({ usedAt: sql`now()` })
      .where(and(eq(mailTokens.userId, token.userId), eq(mailTokens.purpose, token.purpose), isNull(mailTokens.usedAt)));
⟧    await tx.insert(mailTokens).values(token);
  }

  /** Whose token this is, as long as it is good. */
  async findToken(tx: Transaction, tokenHash: string, purpose: TokenPurpose): Promise<string | undefined> {
    const [token] = await tx.select({ userId: mailTokens.userId }).from(mailTokens).where(good(tokenHash, purpose)).limit(1);
    return token?.userId;
  }

  /** As `findToken`, and from now on it is not good any more. */
  async takeToken(tx: Transaction, tokenHash: string, purpose: TokenPurpose): Promise<string | undefined> {
    const [token] = await tx.update(mailTokens).set({ usedAt: sql`now()` }).where(good(tokenHash, purpose)).returning({ userId: mailTokens.userId });
    return token?.userId;
  }
}

function good(tokenHash: string, purpose: TokenPurpose) {
  return and(
    eq(mailTokens.tokenHash, tokenHash),
⟦token-purpose│    eq(mailTokens.purpose, purpose),
⟧⟦token-once│    isNull(mailTokens.usedAt),
⟧⟦token-expiry│    gt(mailTokens.expiresAt, sql`now()`),
⟧  );
}
