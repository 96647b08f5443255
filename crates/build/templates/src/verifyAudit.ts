import pg from 'pg';
import { withSecretFiles } from './config/secretFiles.js';

/** Says whether the audit trail is whole. The owner of the tables may read it; the service may not. */
async function main(): Promise<void> {
  const { MIGRATION_DATABASE_URL: url } = withSecretFiles(process.env, ['MIGRATION_DATABASE_URL']);
  const client = new pg.Client({ connectionString: url, application_name: 'verify-audit' });
  await client.connect();
  try {
    const { rows } = await client.query<{ at: string | null }>('select app.audit_break() as at');
    const at = rows[0]?.at ?? null;
    process.stdout.write(at === null ? 'the audit trail is whole\n' : `the audit trail is broken at position ${at}\n`);
    process.exitCode = at === null ? 0 : 1;
  } finally {
    await client.end();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'verifying failed'}\n`);
  process.exitCode = 1;
});
