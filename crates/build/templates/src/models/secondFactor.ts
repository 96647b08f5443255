import { integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { moment } from './columns.js';

/** The secret that a user shares with an authenticator app, encrypted. It counts once its first code was right. */
export const secondFactors = pgTable('second_factors', {
  userId: uuid('user_id').primaryKey(),
  secret: text('secret').notNull(),
  lastStep: integer('last_step').notNull().default(0),
  createdAt: moment('created_at').notNull().defaultNow(),
  confirmedAt: moment('confirmed_at'),
});

/** Codes for whoever has lost the app, each good once; only hashes are kept. */
export const recoveryCodes = pgTable('recovery_codes', {
  codeHash: text('code_hash').primaryKey(),
  userId: uuid('user_id').notNull(),
  usedAt: moment('used_at'),
});

export type SecondFactor = typeof secondFactors.$inferSelect;
