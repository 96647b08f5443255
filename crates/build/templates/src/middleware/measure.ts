import type { Request, RequestHandler } from 'express';
import type { Metrics } from '../utils/metrics.js';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'POST', 'PATCH', 'PUT', 'DELETE']);

const mounts = new WeakMap<Request, string>();

/** Says where a router stands; a request that has failed does not know any more. */
export function mountedAt(path: string): RequestHandler {
  return (req, _res, next) => {
    mounts.set(req, path);
    next();
  };
}

export function measure(metrics: Metrics): RequestHandler {
  return (req, res, next) => {
    const begun = process.hrtime.bigint();
    res.once('finish', () => {
      const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
      metrics.observe(methodOf(req), routeOf(req), res.statusCode, seconds);
    });
    next();
  };
}

export function methodOf(req: Request): string {
  return METHODS.has(req.method) ? req.method : 'other';
}

/** The pattern of the router, never the path. */
export function routeOf(req: Request): string {
  const route: unknown = req.route;
  const known = typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string';
  return ⟦metrics-cardinality│known ? `${mounts.get(req) ?? ''}${route.path}` : 'none'│req.originalUrl⟧;
}
