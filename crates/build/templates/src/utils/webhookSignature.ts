import { timingSafeEqual } from 'node:crypto';
import { type Signed, sign } from './messageSignature.js';

/** Clocks differ, and messages take a while; what is older may have been kept by somebody. */
const TOLERANCE_SECONDS = 300;

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
