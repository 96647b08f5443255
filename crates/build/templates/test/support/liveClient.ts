import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { acceptUpgrades } from '../../src/utils/upgrade.js';
import type { Client } from './client.js';
import { ORIGIN, type TestService } from './service.js';

const PATIENCE_MILLISECONDS = 5_000;

/** A service that takes sockets, as `server.ts` does. */
export async function listen(service: TestService): Promise<{ server: Server; port: number }> {
  const server = createServer(service.app);
  acceptUpgrades(server, service.app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await service.container.live.start();
  return { server, port: (server.address() as AddressInfo).port };
}

/** A page with a socket. */
export class LiveClient {
  readonly socket: WebSocket;
  readonly #heard: unknown[] = [];
  /** The status of a refusal, or the code that the socket ended with. */
  readonly ended: Promise<number>;

  constructor(port: number, client: Client | undefined, headers: Readonly<Record<string, string>> = { Origin: ORIGIN }, path = '/v1/live') {
    const cookies = [...(client?.cookies ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { ...headers, ...(cookies !== '' && { Cookie: cookies }) } });
    this.socket.on('message', (data) => this.#heard.push(JSON.parse(String(data))));
    this.socket.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.socket.once('unexpected-response', (request, response) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
      this.socket.once('close', (code) => resolve(code));
    });
  }

  async open(): Promise<this> {
    const refused = this.ended.then((code) => Promise.reject(new Error(`refused: ${code}`)));
    await Promise.race([once(this.socket, 'open'), refused]);
    return this;
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  /** The next answer. */
  async hear(): Promise<unknown> {
    const until = Date.now() + PATIENCE_MILLISECONDS;
    while (this.#heard.length === 0) {
      if (Date.now() > until) {
        throw new Error('nothing was heard');
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.#heard.shift();
  }

  async ask(message: unknown): Promise<unknown> {
    this.say(message);
    return this.hear();
  }

  close(): void {
    this.socket.terminate();
  }
}
