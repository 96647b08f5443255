import { pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { moment } from './columns.js';

/** Whom a provider knows, and which account is theirs. */
export const identities = pgTable('identities', {
  provider: text('provider').notNull(),
  subject: text('subject').notNull(),
  userId: uuid('user_id').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
});
