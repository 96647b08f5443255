import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createMailTransport } from '../../src/utils/mailTransport.js';

describe('the transport of mails', () => {
  it('writes files for local work', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mails-'));
    try {
      const url = pathToFileURL(join(folder, 'new')).href;
      await createMailTransport({ url, from: 'a@mail.test' }).send({ to: 'b@mail.test', subject: 'Hello', text: 'World\n' });
      const [name = ''] = await readdir(join(folder, 'new'));
      expect(await readFile(join(folder, 'new', name), 'utf8')).toBe('To: b@mail.test\nSubject: Hello\n\nWorld\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
