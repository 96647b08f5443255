import { customType, integer, timestamp, uuid } from 'drizzle-orm/pg-core';

/** Milliseconds, as JavaScript keeps them: what was read compares equal to what is stored. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

export const id = () => uuid('id').primaryKey();

/** Columns of every resource. */
export const lifecycle = () => ({
  createdAt: moment('created_at').notNull().defaultNow(),
  updatedAt: moment('updated_at').notNull().defaultNow(),
  version: integer('version').notNull().default(1),
});

/** A day without a time, as `YYYY-MM-DD`. */
export const day = customType<{ data: string; driverData: string }>({ dataType: () => 'date' });
