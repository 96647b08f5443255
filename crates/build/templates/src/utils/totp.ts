import { createHmac, timingSafeEqual } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const SECONDS = 30;
const DIGITS = 6;
/** Clocks differ: one step before and after counts too. */
const TOLERANCE = 1;

/** Base32 as authenticator apps read it. */
export function base32(bytes: Uint8Array): string {
  let bits = '';
  for (const byte of bytes) {
    bits += byte.toString(2).padStart(8, '0');
  }
  return (bits.match(/.{1,5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five.padEnd(5, '0'), 2)] ?? '').join('');
}

export function stepAt(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000 / SECONDS);
}

/** The code of one step (RFC 6238 with SHA-1, which all apps know). */
export function codeOf(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** The step that a code belongs to, if it is near now and after the last one that was used. */
export function matchingStep(secret: Uint8Array, code: string, now: number, lastStep: number): number | undefined {
  const given = Buffer.from(code.padEnd(DIGITS).slice(0, DIGITS));
  for (let step = stepAt(now) - TOLERANCE; step <= stepAt(now) + TOLERANCE; step += 1) {
    if (timingSafeEqual(Buffer.from(codeOf(secret, step)), given)⟦code-once│ && step > lastStep⟧) {
      return step;
    }
  }
  return undefined;
}
