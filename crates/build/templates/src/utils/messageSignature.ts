import { createHmac } from 'node:crypto';

export interface Signed {
  readonly id: string;
  readonly timestamp: number;
  readonly body: Buffer;
}

/** The signature of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body. */
export function sign({ id, timestamp, body }: Signed, secret: Buffer): string {
  const digest = createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return `v1,${digest}`;
}
