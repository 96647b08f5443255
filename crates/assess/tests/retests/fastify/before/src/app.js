import Fastify from 'fastify';
import { exec } from 'node:child_process';
import { promisify } from 'node:util';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const run = promisify(exec);

export function buildApp() {
  const app = Fastify();
  app.get('/hello', async (request, reply) => {
    reply.type('text/html');
    return '<p>Hello ' + request.query.name + '</p>';
  });
  app.post('/ping', async (request) => {
    const { stdout } = await run('echo ' + request.body.host);
    return { stdout };
  });
  app.get('/files/:name', async (request, reply) => {
    try {
      return await readFile(join('files', request.params.name), 'utf8');
    } catch {
      return reply.code(404).send({});
    }
  });
  return app;
}
