import { createHmac, timingSafeEqual } from 'node:crypto';

/** Clocks differ, and messages take a while; what is older may have been kept by somebody. */
const TOLERANCE_SECONDS = 300;

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

/** Whether one of the signatures, which stand apart by blanks, is ours and recent. */
export function isGenuine(signed: Signed, signatures: string, secret: Buffer, now = Date.now()): boolean {
  if (⟦webhook-tolerance│Math.abs(now / 1_000 - signed.timestamp) > TOLERANCE_SECONDS│false⟧) {
    return false;
  }
  const expected = Buffer.from(sign(signed, secret));
  return signatures.split(' ').some((text) => {
    const given = Buffer.from(text);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
