import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const attributes = z
  .array(z.object({ key: z.string(), value: z.looseObject({}) }))
  .transform((all) => Object.fromEntries(all.map(({ key, value }) => [key, Object.values(value)[0]])));

const told = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({ name: z.string(), traceId: z.string(), spanId: z.string(), parentSpanId: z.string().optional(), attributes, events: z.array(z.unknown()).default([]) }),
          ),
        }),
      ),
    }),
  ),
});

/** A collector that keeps what it is told. */
export class Collector {
  readonly bodies: { readonly path: string; readonly text: string }[] = [];
  readonly #server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) {
      chunks.push(chunk as Buffer);
    }
    this.bodies.push({ path: req.url ?? '', text: Buffer.concat(chunks).toString() });
    res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  });

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  get everything(): string {
    return this.bodies.map(({ text }) => text).join('\n');
  }

  get resources() {
    return this.#traces().map(({ resource }) => resource.attributes);
  }

  get spans() {
    return this.#traces().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  }

  #traces() {
    return this.bodies.filter(({ path }) => path === '/v1/traces').flatMap(({ text }) => told.parse(JSON.parse(text)).resourceSpans);
  }
}
