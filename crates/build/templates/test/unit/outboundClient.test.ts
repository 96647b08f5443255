import { createServer, request as overTcp, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { exchange, type OutboundAnswer } from '../../src/utils/exchange.js';
import { OutboundClient, OutboundError } from '../../src/utils/outboundClient.js';
import { isPublic } from '../../src/utils/publicAddress.js';

const settings = { hosts: ['api.example.org'], timeoutMilliseconds: 500, maxBytes: 1_000 };
const url = new URL('https://api.example.org/v1/things?a=b');
const ok: OutboundAnswer = { status: 200, headers: {}, body: Buffer.from('') };

/** A client that sends nothing anywhere: what it was to send is kept. */
function scene({ addresses = ['1.1.1.1'], answers = [ok] }: { addresses?: string[]; answers?: (OutboundAnswer | Error)[] } = {}) {
  const sent: string[] = [];
  let now = 0;
  const client = new OutboundClient(settings, {
    resolve: async () => addresses,
    send: async (request, address) => {
      const answer = answers[sent.length] ?? answers.at(-1) ?? ok;
      sent.push(`${request.method} ${address}`);
      if (answer instanceof Error) {
        throw answer;
      }
      return answer;
    },
    now: () => now,
  });
  return { client, sent, later: (milliseconds: number) => (now += milliseconds) };
}

describe('calls of other services', () => {
  it.each([
    'http://api.example.org/',
    'https://api.example.org:8443/',
    'https://user:word@api.example.org/',
    'https://example.org/',
    'https://api.example.org.evil.test/',
    'https://evil.test/?https://api.example.org/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'file:///etc/passwd',
  ])('are refused for %s', async (target) => {
    const { client, sent } = scene();
    await expect(client.call({ method: 'GET', url: new URL(target) })).rejects.toBeInstanceOf(OutboundError);
    expect(sent).toEqual([]);
  });

  it('go to the address that was looked at', async () => {
    const { client, sent } = scene({ addresses: ['9.9.9.9', '1.1.1.1'] });
    await client.call({ method: 'GET', url });
    expect(sent).toEqual(['GET 9.9.9.9']);
  });

  it.each([[['127.0.0.1']], [['1.1.1.1', '10.0.0.1']], [['::1']], [[]]])('are refused for names that mean %j', async (addresses) => {
    const { client, sent } = scene({ addresses });
    await expect(client.call({ method: 'GET', url })).rejects.toMatchObject({ reason: 'the name does not lead to the internet', status: 503 });
    expect(sent).toEqual([]);
  });

  it.each([
    ['1.1.1.1', true],
    ['2606:4700:4700::1111', true],
    ['0.0.0.0', false],
    ['10.1.2.3', false],
    ['100.64.0.1', false],
    ['127.0.0.1', false],
    ['169.254.169.254', false],
    ['172.31.255.255', false],
    ['172.32.0.1', true],
    ['192.168.0.1', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::', false],
    ['::1', false],
    ['::ffff:1.1.1.1', false],
    ['::ffff:127.0.0.1', false],
    ['64:ff9b::7f00:1', false],
    ['2002:7f00:1::', false],
    ['fc00::1', false],
    ['fe80::1', false],
    ['fd00:ec2::254', false],
    ['nonsense', false],
  ])('know that %s is public: %s', (address, expected) => {
    expect(isPublic(address)).toBe(expected);
  });

  it('are repeated three times if that does no harm', async () => {
    const bad = { ...ok, status: 503 };
    const reading = scene({ answers: [new Error('reset'), bad, ok] });
    expect((await reading.client.call({ method: 'GET', url })).status).toBe(200);
    expect(reading.sent).toHaveLength(3);
    const writing = scene({ answers: [bad] });
    expect((await writing.client.call({ method: 'POST', url, body: '{}' })).status).toBe(503);
    expect(writing.sent).toHaveLength(1);
  });

  it('pause after five failures in a row, for half a minute', async () => {
    const { client, sent, later } = scene({ answers: [new Error('refused')] });
    for (let at = 0; at < 5; at += 1) {
      await expect(client.call({ method: 'POST', url })).rejects.toMatchObject({ reason: 'it does not answer' });
    }
    await expect(client.call({ method: 'POST', url })).rejects.toMatchObject({ reason: 'it has failed too often' });
    expect(sent).toHaveLength(5);
    later(30_000);
    await expect(client.call({ method: 'POST', url })).rejects.toMatchObject({ reason: 'it does not answer' });
  });
});

describe('one exchange', () => {
  async function call(listener: RequestListener) {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      return await exchange({ method: 'GET', url: new URL(`http://api.example.org:${port}/a?b=c`) }, '127.0.0.1', settings, overTcp);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it('names the host that was meant, and follows nowhere', async () => {
    const answer = await call((req, res) => res.writeHead(302, { Location: 'http://127.0.0.1/' }).end(`${req.headers.host} ${req.url}`));
    expect(answer.status).toBe(302);
    expect(answer.body.toString()).toMatch(/^api\.example\.org:\d+ \/a\?b=c$/);
  });

  it('ends when the answer is too large', async () => {
    expect((await call((_req, res) => res.end('x'.repeat(1_000)))).body).toHaveLength(1_000);
    await expect(call((_req, res) => res.end('x'.repeat(1_001)))).rejects.toThrow('too large');
  });

  it('ends when nothing comes', { timeout: 5_000 }, async () => {
    await expect(call(() => {})).rejects.toMatchObject({ name: 'AbortError' });
  });
});
