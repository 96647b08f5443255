import type { IncomingHttpHeaders } from 'node:http';
import { request as overTls, type RequestOptions } from 'node:https';

export interface OutboundRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Bounds {
  readonly timeoutMilliseconds: number;
  readonly maxBytes: number;
}

/**
 * One request to this very address: the name was looked up before, and asking again could give another answer. Redirects
 * are not followed.
 */
export async function exchange(
  { method, url, headers, body }: OutboundRequest,
  address: string,
  { timeoutMilliseconds, maxBytes }: Bounds,
  request: typeof overTls = overTls,
): Promise<OutboundAnswer> {
  const options: RequestOptions = {
    method,
    host: address,
    servername: url.hostname,
    port: url.port,
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, host: url.host },
    signal: ⟦outbound-timeout│AbortSignal.timeout(timeoutMilliseconds)│undefined⟧,
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const call = request(options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (⟦outbound-size│size > maxBytes│false⟧) {
          response.destroy(new Error('the answer is too large'));
        }
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    call.on('error', reject);
    call.end(body);
  });
}
