import { pgTable, text } from 'drizzle-orm/pg-core';
import { moment } from './columns.js';

/** Assertions that somebody has signed in with. */
export const samlAssertions = pgTable('saml_assertions', {
  provider: text('provider').notNull(),
  assertionId: text('assertion_id').notNull(),
  expiresAt: moment('expires_at').notNull(),
});
