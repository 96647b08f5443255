import { type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** So long a request may take to become a socket, or to be refused. */
const MILLISECONDS = 10_000;

interface Upgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
}

const waiting = new WeakMap<IncomingMessage, { readonly response: ServerResponse; readonly socket: Socket; readonly head: Buffer }>();

/** Lets requests for a socket pass what all requests pass: limits, headers, log, routes with their guards. What is refused is answered as HTTP. */
export function acceptUpgrades(server: Server, app: RequestListener): void {
  server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    // A body would never come: what follows belongs to the socket.
    if (req.method !== 'GET' || req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) !== 0) {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    socket.setTimeout(MILLISECONDS, () => socket.destroy());
    const response = new ServerResponse(req);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    waiting.set(req, { response, socket, head });
    app(req, response);
  });
}

/** Takes the connection of a request that asks for a socket away from its answer; nothing for all other requests. */
export function takeUpgrade(req: IncomingMessage): Upgrade | undefined {
  const found = waiting.get(req);
  if (found === undefined) {
    return undefined;
  }
  waiting.delete(req);
  found.response.detachSocket(found.socket);
  return { socket: found.socket, head: found.head };
}
