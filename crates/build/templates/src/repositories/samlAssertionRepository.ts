import { lte, sql } from 'drizzle-orm';
import { samlAssertions } from '../models/samlAssertion.js';
import type { Transaction } from './database.js';

export class SamlAssertionRepository {
  /** Whether nobody has come with this assertion before; those that are over are refused anyway and forgotten. */
  async isFirst(tx: Transaction, provider: string, assertionId: string, expiresAt: Date): Promise<boolean> {
    await tx.delete(samlAssertions).where(lte(samlAssertions.expiresAt, sql`now()`));
    const added = await tx
      .insert(samlAssertions)
      .values({ provider, assertionId, expiresAt })
      .onConflictDoNothing()
      .returning({ assertionId: samlAssertions.assertionId });
    return added.length > 0;
  }
}
