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
}

/** Counts in PostgreSQL, so that all instances count together. */
export class RateLimits {
  constructor(private readonly pool: Pool) {}

  /** At most so many requests for each key. What cannot be counted is refused. */
  limit({ name, points, seconds }: Limit, keyOf: (req: Request) => string | undefined): RequestHandler {
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
    return async (req, res, next) => {
      const key = keyOf(req);
      if (key === undefined) {
        next();
        return;
      }
      try {
        const state = await limiter.consume(key);
        res.set('RateLimit', `"${name}";r=${state.remainingPoints};t=${Math.ceil(state.msBeforeNext / 1_000)}`);
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
