import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Any number, the same in all instances: only one of them migrates at a time. */
const LOCK = 7_236_114_905;
const LOCK_ATTEMPTS = 1_200;
const LOCK_PAUSE_MILLISECONDS = 250;
const NAME = /^\d{4}_[a-z0-9_]+\.sql$/;
/** In the first line of a file that PostgreSQL does not run in a transaction, such as `create index concurrently`. */
const OUTSIDE = '-- no transaction';

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** Applies what is not yet applied, in the order of names, each file whole or not at all. Returns their names. */
export async function migrate(url: string, folder: string): Promise<string[]> {
  const migrations = await read(folder);
  const client = new pg.Client({ connectionString: url, application_name: 'migrate' });
  await client.connect();
  try {
    await client.query("set lock_timeout = '5s'; set statement_timeout = '15min'; set client_min_messages = 'warning'");
    ⟦migration-lock│await lock(client);⟧
    await client.query(
      `create table if not exists schema_migrations (
         name text primary key, checksum text not null, applied_at timestamptz not null default now())`,
    );
    const pending = await pendingOf(client, migrations);
    for (const migration of pending) {
      await apply(client, migration);
    }
    return pending.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/**
 * Asks again and again instead of waiting inside a statement: `create index concurrently` waits for all statements that
 * run, so the two would wait for each other.
 */
async function lock(client: pg.Client): Promise<void> {
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt += 1) {
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [LOCK]);
    if (rows[0]?.locked === true) {
      return;
    }
    await sleep(LOCK_PAUSE_MILLISECONDS);
  }
  throw new Error('somebody else is migrating and does not end');
}

async function read(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      if (!NAME.test(name)) {
        throw new Error(`${name} is no name of a migration; write 0001_words.sql`);
      }
      const sql = await readFile(join(folder, name), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function pendingOf(client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{ name: string; checksum: string }>('select name, checksum from schema_migrations');
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  for (const name of applied.keys()) {
    if (!migrations.some((migration) => migration.name === name)) {
      throw new Error(`${name} was applied, but the file is gone`);
    }
  }
  const pending: Migration[] = [];
  for (const migration of migrations) {
    const checksum = applied.get(migration.name);
    if (checksum !== undefined && ⟦migration-checksum│checksum !== migration.checksum│false⟧) {
      throw new Error(`${migration.name} has changed since it was applied; write a new migration`);
    }
    if (checksum !== undefined && pending.length > 0) {
      throw new Error(`${pending[0]?.name} comes before ${migration.name}, which is applied already; give it a higher number`);
    }
    if (checksum === undefined) {
      pending.push(migration);
    }
  }
  return pending;
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  const inside = !sql.startsWith(OUTSIDE);
  try {
    if (inside) {
      await client.query('begin');
    }
    await client.query(sql);
    await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum]);
    if (inside) {
      await client.query('commit');
    }
  } catch (error) {
    if (inside) {
      await client.query('rollback');
    }
    throw new Error(`${name} failed: ${error instanceof Error ? error.message : 'for unknown reasons'}`, { cause: error });
  }
}
