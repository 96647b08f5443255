import { and, eq, lt, sql } from 'drizzle-orm';
import { webhookEvents } from '../models/webhookEvent.js';
import type { Transaction } from './database.js';

export class WebhookRepository {
  /** Whether nobody had this one before. Somebody else with the same waits until this transaction has ended. */
  async claim(tx: Transaction, source: string, eventId: string): Promise<boolean> {
    await tx
      .delete(webhookEvents)
      .where(and(eq(webhookEvents.source, source), lt(webhookEvents.receivedAt, sql`now() - interval '30 days'`)));
    const claimed = await tx.insert(webhookEvents).values({ source, eventId }).onConflictDoNothing().returning({ eventId: webhookEvents.eventId });
    return claimed.length > 0;
  }
}
