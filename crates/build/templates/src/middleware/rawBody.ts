import type { IncomingMessage } from 'node:http';

const PATHS = '/v1/webhooks/';
const bodies = new WeakMap<IncomingMessage, Buffer>();

/** Keeps the bytes of webhooks as they came: signatures are over them, not over what was parsed. */
export function keepRawBody(req: IncomingMessage, _res: unknown, body: Buffer): void {
  if (req.url?.startsWith(PATHS) === true) {
    bodies.set(req, body);
  }
}

export function rawBodyOf(req: IncomingMessage): Buffer {
  return bodies.get(req) ?? Buffer.alloc(0);
}
