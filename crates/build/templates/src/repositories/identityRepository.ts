import { and, eq } from 'drizzle-orm';
import { identities } from '../models/identity.js';
import type { Transaction } from './database.js';

export class IdentityRepository {
  /** The user whom the provider knows by this subject. */
  async findUser(tx: Transaction, provider: string, subject: string): Promise<string | undefined> {
    const [found] = await tx
      .select({ userId: identities.userId })
      .from(identities)
      .where(and(eq(identities.provider, provider), eq(identities.subject, subject)))
      .limit(1);
    return found?.userId;
  }

  async add(tx: Transaction, provider: string, subject: string, userId: string): Promise<void> {
    await tx.insert(identities).values({ provider, subject, userId });
  }
}
