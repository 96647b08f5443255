import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { environment, useService } from '../support/service.js';

const started: ChildProcess[] = [];

function start(env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['dist/server.js'], { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const listening = async (): Promise<number> => {
    for (let attempt = 0; attempt < 1_000; attempt += 1) {
      const port = /"listening":\{[^}]*"port":(\d+)/.exec(output)?.[1];
      if (port !== undefined) {
        return Number(port);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the service did not start: ${output}`);
  };
  return { child, listening, output: () => output };
}

describe('the process', { timeout: 60_000 }, () => {
  const service = useService();

  // Of a test that failed, the process is still there, and so are its connections.
  afterEach(() => {
    for (const child of started.splice(0)) {
      child.kill('SIGKILL');
    }
  });

  it('refuses to start without strong secrets, and does not print them', async () => {
    const { child, output } = start({ ...environment(service().databaseUrl), CSRF_SECRET: 'changeme' });
    const [code] = await once(child, 'exit');
    expect(code).toBe(1);
    expect(output()).toContain('CSRF_SECRET: is shorter than 32 characters');
    expect(output()).not.toContain('changeme');
  });

  it('refuses to start with a privileged database login', async () => {
    const { child, output } = start(environment(service().ownerUrl));
    const [code] = await once(child, 'exit');
    expect(code).toBe(1);
    expect(output()).toContain('privileged');
  });

  it('finishes the request in flight when it is told to stop', async () => {
    const { child, listening } = start(environment(service().databaseUrl));
    const port = await listening();
    const body = JSON.stringify({ email: 'nobody@mail.test', password: 'not the password' });
    const call = request({
      port,
      host: '127.0.0.1',
      path: '/v1/auth/login',
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Length': body.length },
    });
    const answered = once(call, 'response');
    call.write(body.slice(0, 10));
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 200));
    call.end(body.slice(10));
    const [response] = await answered;
    expect(response.statusCode).toBe(401);
    response.resume();
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });

  it('hangs up on who sends headers slowly', async () => {
    const { child, listening } = start(environment(service().databaseUrl));
    const socket = connect(await listening(), '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n');
    const begun = Date.now();
    await once(socket.resume(), 'close');
    expect(Date.now() - begun).toBeGreaterThan(5_000);
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
});
