import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { moment } from './columns.js';

/** Ids of webhooks that have had their effect: senders repeat, and so do those who listen in. */
export const webhookEvents = pgTable(
  'webhook_events',
  {
    source: text('source').notNull(),
    eventId: text('event_id').notNull(),
    receivedAt: moment('received_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.source, table.eventId] })],
);
