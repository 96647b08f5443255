import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Request, RequestHandler } from 'express';
import type { Pool } from 'pg';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { TooManyRequestsError, UnavailableError } from '../utils/errors.js';

export interface Limit {
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
  /** So many are counted at once. What an instance has counted and not used is lost: fewer may pass, never more. */
  readonly batch?: number;
}

/** What an instance has counted ahead for one key. */
interface Ahead {
  left: number;
  readonly remaining: number;
  readonly until: number;
}

const MOST_KEYS = 10_000;

/** Counts in PostgreSQL, so that all instances count together. */
export class RateLimits {
  constructor(private readonly pool: Pool) {}

  /** At most so many requests for each key. What cannot be counted is refused. */
  limit({ name, points, seconds, batch = 1 }: Limit, keyOf: (req: Request) => string | undefined): RequestHandler {
    const limiter = new RateLimiterPostgres({
      storeClient: this.pool,
      storeType: 'pool',
      tableName: 'rate_limits',
      tableCreated: true,
      keyPrefix: name,
      points,
      duration: seconds,
      inMemoryBlockOnConsumed: points + 1,
    });
    const ahead = new Map<string, Ahead>();
    const counting = new Map<string, Promise<void>>();
    const count = async (key: string): Promise<void> => {
      const { remainingPoints: remaining, msBeforeNext } = await limiter.consume(key, batch);
      keep(ahead, key, { left: batch, remaining, until: Date.now() + msBeforeNext });
    };
    // Requests that come together are counted once: each would count ahead for itself, and the first few would use up the limit.
    const countOnce = (key: string): Promise<void> => {
      const begun = counting.get(key) ?? count(key).finally(() => counting.delete(key));
      counting.set(key, begun);
      return begun;
    };
    const takeAhead = async (key: string): Promise<Ahead> => {
      for (;;) {
        const known = ahead.get(key);
        if (known !== undefined && known.left > 0 && Date.now() < known.until) {
          known.left -= 1;
          return known;
        }
        await countOnce(key);
      }
    };
    const takeOne = async (key: string): Promise<Ahead> => {
      const { remainingPoints: remaining, msBeforeNext } = await limiter.consume(key, 1);
      return { left: 0, remaining, until: Date.now() + msBeforeNext };
    };
    const take = batch === 1 ? takeOne : takeAhead;
    return async (req, res, next) => {
      const key = keyOf(req);
      if (key === undefined) {
        next();
        return;
      }
      try {
        const { left, remaining, until } = await take(key);
        res.set('RateLimit', `"${name}";r=${remaining + left};t=${Math.ceil((until - Date.now()) / 1_000)}`);
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) {
          throw new TooManyRequestsError(Math.ceil(refusal.msBeforeNext / 1_000));
        }
        req.log.error({ err: refusal }, 'the rate limiter failed');
        ⟦closed-limits│throw new UnavailableError();│next();
        return;⟧
      }
      next();
    };
  }
}

/** The newest so many; whoever is forgotten is counted again. */
function keep(ahead: Map<string, Ahead>, key: string, counted: Ahead): void {
  ahead.delete(key);
  ahead.set(key, counted);
  const oldest = ahead.keys().next();
  if (ahead.size > MOST_KEYS && !oldest.done) {
    ahead.delete(oldest.value);
  }
}

/** The address of the client; one network of IPv6 is one client, as everybody has many addresses in it. */
export function byAddress(req: Request): string {
  const address = req.ip ?? 'unknown';
  return ⟦network-limit│isIPv6(address) && !address.startsWith('::ffff:') ? address.split(':').slice(0, 4).join(':') : address│address⟧;
}

/** The account that somebody tries to enter, as a hash: addresses of persons do not belong into this table. */
export function byAccount(req: Request): string | undefined {
  const body: unknown = req.body;
  if (typeof body !== 'object' || body === null || !('email' in body) || typeof body.email !== 'string') {
    return undefined;
  }
  return createHash('sha256').update(body.email⟦one-account-one-limit│.trim().toLowerCase()⟧).digest('base64url');
}

export function byUser(req: Request): string | undefined {
  return req.user?.id;
}
