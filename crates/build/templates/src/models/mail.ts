import { integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { id, moment } from './columns.js';

export const MAIL_KINDS = ['confirm', 'known', 'reset', 'changed'] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

/** Mails that are to be sent. They hold no secret: a token is made when its mail is, and only its hash is kept. */
export const mails = pgTable('mails', {
  id: id(),
  kind: text('kind', { enum: MAIL_KINDS }).notNull(),
  recipient: text('recipient').notNull(),
  attempts: integer('attempts').notNull().default(0),
  dueAt: moment('due_at').notNull().defaultNow(),
  createdAt: moment('created_at').notNull().defaultNow(),
});

export const TOKEN_PURPOSES = ['confirm', 'reset'] as const;
export type TokenPurpose = (typeof TOKEN_PURPOSES)[number];

/** What was sent to an address and proves that somebody reads it. */
export const mailTokens = pgTable('mail_tokens', {
  tokenHash: text('token_hash').primaryKey(),
  userId: uuid('user_id').notNull(),
  purpose: text('purpose', { enum: TOKEN_PURPOSES }).notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
  expiresAt: moment('expires_at').notNull(),
  usedAt: moment('used_at'),
});

export type QueuedMail = typeof mails.$inferSelect;
