import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.js';
import { ConfigError } from '../../src/config/configError.js';
import { withSecretFiles } from '../../src/config/secretFiles.js';
import { environment } from '../support/service.js';

describe('values in files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  const path = join(folder, 'database-url');
  const { DATABASE_URL: _, ...rest } = environment('');
  writeFileSync(path, 'postgres://login@localhost/db\n');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('stand for variables', () => {
    expect(loadConfig({ ...rest, DATABASE_URL_FILE: path }).database.url).toBe('postgres://login@localhost/db');
  });

  it('are read for variables of the service only', () => {
    expect(withSecretFiles({ OTHER_FILE: path, EMPTY_FILE: '' }, ['EMPTY'])).toEqual({ OTHER_FILE: path, EMPTY_FILE: '' });
  });

  it.each([
    ['two values', { DATABASE_URL_FILE: path, DATABASE_URL: 'postgres://other@localhost/db' }],
    ['a file that is not there', { DATABASE_URL_FILE: join(folder, 'nothing') }],
  ])('are refused with %s', (_what, more) => {
    const load = () => loadConfig({ ...rest, ...more });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow('DATABASE_URL_FILE');
    expect(load).not.toThrow('login');
  });
});
