import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { environment, useService } from '../support/service.js';

/** For how long nobody may hold a connection with half a request. */
const LONG_MILLISECONDS = 30_000;

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
      if (child.exitCode !== null) {
        break;
      }
      await sleep(50);
    }
    throw new Error(`the service did not start: ${output}`);
  };
  /** The code that it ends with, or where it listens instead of ending. */
  const refusal = async (): Promise<string> => {
    const ended = once(child, 'exit').then(([code]) => `code ${code}`);
    return Promise.race([ended, listening().then((port) => `port ${port}`, () => ended)]);
  };
  return { child, listening, refusal, output: () => output };
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
    const { refusal, output } = start({ ...environment(service().databaseUrl), CSRF_SECRET: 'changeme' });
    expect(await refusal()).toBe('code 1');
    expect(output()).toContain('CSRF_SECRET: is shorter than 32 characters');
    expect(output()).not.toContain('changeme');
  });

  it('refuses to start with a privileged database login', async () => {
    const { refusal, output } = start(environment(service().ownerUrl));
    expect(await refusal()).toBe('code 1');
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
    await sleep(200);
    child.kill('SIGTERM');
    await sleep(200);
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
    await Promise.race([once(socket.resume(), 'close'), sleep(LONG_MILLISECONDS)]);
    const waited = Date.now() - begun;
    expect(waited).toBeGreaterThan(5_000);
    expect(waited).toBeLessThan(LONG_MILLISECONDS);
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
});
