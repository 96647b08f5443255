import { integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { id, moment } from './columns.js';

/** Work outside of requests: once, or again and again. */
export const jobs = pgTable('jobs', {
  id: id(),
  kind: text('kind').notNull(),
  payload: jsonb('payload').$type<Readonly<Record<string, unknown>>>().notNull().default({}),
  /** The pause between two runs, of what is done again and again. */
  everySeconds: integer('every_seconds'),
  attempts: integer('attempts').notNull().default(0),
  dueAt: moment('due_at').notNull().defaultNow(),
  /** It was tried often enough; somebody has to look at it. */
  failedAt: moment('failed_at'),
  createdAt: moment('created_at').notNull().defaultNow(),
});

export type Job = typeof jobs.$inferSelect;
