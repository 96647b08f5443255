import { and, eq, isNull, sql } from 'drizzle-orm';
import { recoveryCodes, type SecondFactor, secondFactors } from '../models/secondFactor.js';
import type { FieldCipher } from '../utils/fieldCipher.js';
import type { Transaction } from './database.js';

export class SecondFactorRepository {
  constructor(private readonly cipher: FieldCipher) {}

  /** Locks the factor, so that of two requests with the same code only one finds it unused. */
  async lock(tx: Transaction, userId: string): Promise<(Omit<SecondFactor, 'secret'> & { secret: Buffer }) | undefined> {
    const [row] = await tx.select().from(secondFactors).where(eq(secondFactors.userId, userId)).limit(1).for('update');
    return row && { ...row, secret: Buffer.from(this.cipher.open(row.secret, place(userId)), 'base64') };
  }

  /** Replaces a factor whose first code never came. */
  async begin(tx: Transaction, userId: string, secret: Buffer): Promise<void> {
    await this.remove(tx, userId);
    await tx.insert(secondFactors).values({ userId, secret: ⟦factor-encryption│this.cipher.seal(secret.toString('base64'), place(userId))│secret.toString('base64')⟧ });
  }

  async use(tx: Transaction, userId: string, lastStep: number): Promise<void> {
    await tx
      .update(secondFactors)
      .set({ lastStep, confirmedAt: sql`coalesce(${secondFactors.confirmedAt}, now())` })
      .where(eq(secondFactors.userId, userId));
  }

  async addRecoveryCodes(tx: Transaction, userId: string, hashes: readonly string[]): Promise<void> {
    await tx.insert(recoveryCodes).values(hashes.map((codeHash) => ({ codeHash, userId })));
  }

  /** Whether this was a code that nobody had used. */
  async useRecoveryCode(tx: Transaction, userId: string, codeHash: string): Promise<boolean> {
    const used = await tx
      .update(recoveryCodes)
      .set({ usedAt: sql`now()` })
      .where(and(eq(recoveryCodes.userId, userId), eq(recoveryCodes.codeHash, codeHash)⟦recovery-once│, isNull(recoveryCodes.usedAt)⟧))
      .returning({ codeHash: recoveryCodes.codeHash });
    return used.length > 0;
  }

  async remove(tx: Transaction, userId: string): Promise<void> {
    await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
    await tx.delete(secondFactors).where(eq(secondFactors.userId, userId));
  }
}

function place(userId: string): string {
  return `second_factors.secret:${userId}`;
}
