import Fastify from 'fastify';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const run = promisify(execFile);

export function buildApp() {
  const app = Fastify();
  app.get('/hello', async (request, reply) => {
    reply.type('text/html');
    return '<p>Hello ' + request.query.name + '</p>';
  });
  app.post('/ping', async (request) => {
    const { stdout } = await run('echo', ['--', String(request.body.host)]);
    return { stdout };
  });
  app.get('/files/:name', async (request, reply) => {
    try {
      return await readFile(join('files', basename(request.params.name)), 'utf8');
    } catch {
      return reply.code(404).send({});
    }
  });
  return app;
}
