import { pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { id, moment } from './columns.js';

/** One sign-in on one device: the family of all refresh tokens that descend from it. */
export const sessions = pgTable('sessions', {
  id: id(),
  userId: uuid('user_id').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
  expiresAt: moment('expires_at').notNull(),
  revokedAt: moment('revoked_at'),
});

/** Only hashes are kept. A token is used once; its second use means that two parties have it. */
export const refreshTokens = pgTable('refresh_tokens', {
  tokenHash: text('token_hash').primaryKey(),
  sessionId: uuid('session_id').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
  usedAt: moment('used_at'),
});

export type Session = typeof sessions.$inferSelect;
