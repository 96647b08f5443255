import { fileURLToPath } from 'node:url';
import { withSecretFiles } from './config/secretFiles.js';
import { migrate } from './utils/migrator.js';

const FOLDER = fileURLToPath(new URL('../migrations', import.meta.url));

async function main(): Promise<void> {
  const { MIGRATION_DATABASE_URL: url } = withSecretFiles(process.env, ['MIGRATION_DATABASE_URL']);
  if (url === undefined || url === '') {
    throw new Error('MIGRATION_DATABASE_URL is not set; it names the owner of the tables');
  }
  const applied = await migrate(url, FOLDER);
  process.stdout.write(applied.length === 0 ? 'nothing to do\n' : `applied ${applied.join(', ')}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'migrating failed'}\n`);
  process.exitCode = 1;
});
