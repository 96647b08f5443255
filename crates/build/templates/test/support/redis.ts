import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Redis {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a Redis of its own that keeps nothing on disk, from the binary of this machine. */
export async function startRedis(): Promise<Redis> {
  const given = process.env['TEST_CACHE_URL'];
  if (given !== undefined) {
    return { url: given, stop: async () => {} };
  }
  const port = await freePort();
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
  const failed = new Promise<never>((_resolve, reject) => {
    server.once('error', () => reject(new Error('no redis-server found: install it, or set TEST_CACHE_URL to a Redis')));
  });
  try {
    await Promise.race([answering(port), failed]);
  } catch (error) {
    server.kill('SIGTERM');
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      server.kill('SIGTERM');
      await once(server, 'exit');
    },
  };
}

async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    const answers = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (answers) {
      return;
    }
    await sleep(50);
  }
  throw new Error('redis-server did not start');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
