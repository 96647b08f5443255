import { bigint, customType, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { id, moment } from './columns.js';

const bytes = customType<{ data: Uint8Array<ArrayBuffer>; driverData: Buffer }>({
  dataType: () => 'bytea',
  toDriver: (value) => Buffer.from(value),
  fromDriver: (value) => Uint8Array.from(value),
});

/** The public half of a key that a device of its user keeps. */
export const passkeys = pgTable('passkeys', {
  id: id(),
  userId: uuid('user_id').notNull(),
  credentialId: text('credential_id').notNull(),
  publicKey: bytes('public_key').notNull(),
  /** Of signatures so far; zero for ever where the device does not count. */
  counter: bigint('counter', { mode: 'number' }).notNull(),
  name: text('name').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
  lastUsedAt: moment('last_used_at'),
});

/** What a browser is asked to sign, by the hash of a secret that only it keeps. */
export const passkeyChallenges = pgTable('passkey_challenges', {
  secretHash: text('secret_hash').primaryKey(),
  userId: uuid('user_id'),
  challenge: text('challenge').notNull(),
  expiresAt: moment('expires_at').notNull(),
});

export type Passkey = typeof passkeys.$inferSelect;
export type NewPasskey = typeof passkeys.$inferInsert;
