import { and, eq } from 'drizzle-orm';
import { oidcIdentities } from '../models/oidcIdentity.js';
import type { Transaction } from './database.js';

export class OidcRepository {
  /** The user whom the provider knows by this subject. */
  async findUser(tx: Transaction, provider: string, subject: string): Promise<string | undefined> {
    const [found] = await tx
      .select({ userId: oidcIdentities.userId })
      .from(oidcIdentities)
      .where(and(eq(oidcIdentities.provider, provider), eq(oidcIdentities.subject, subject)))
      .limit(1);
    return found?.userId;
  }

  async add(tx: Transaction, provider: string, subject: string, userId: string): Promise<void> {
    await tx.insert(oidcIdentities).values({ provider, subject, userId });
  }
}
