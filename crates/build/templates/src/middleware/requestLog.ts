import { randomUUID } from 'node:crypto';
import type { Express, Request, RequestHandler } from 'express';
import type { Logger } from 'pino';

/** One line for each request. The id is ours: one that a client may choose would let them write into the log. */
export function requestLog(app: Express, logger: Logger): RequestHandler {
  // These lines hold what is listed here and nothing else: there is nothing to be looked for and cut out.
  const lines = logger.child({}, { redact: [] });
  // All requests share one getter: with one of its own, each would have a shape of its own, and everything that reads it would be slow.
  Object.defineProperty(app.request, 'log', {
    get(this: Request) {
      return logger.child({ req: askedBy(this) });
    },
  });
  return (req, res, next) => {
    const begun = performance.now();
    req.id = ⟦own-request-id│randomUUID()│String(req.headers['x-request-id'] ?? randomUUID())⟧;
    res.setHeader('X-Request-Id', req.id);
    if (!req.url.startsWith('/health/')) {
      res.once('close', () => {
        const level = res.statusCode >= 500 ? 'error' : 'info';
        const line = { req: askedBy(req), res: { status: res.statusCode }, responseTime: Math.round(performance.now() - begun) };
        lines[level](line, res.writableFinished ? 'request completed' : 'request aborted');
      });
    }
    next();
  };
}

function askedBy({ id, method, originalUrl }: Request): object {
  return { id, method, path: originalUrl⟦path-without-query│.split('?')[0]⟧ };
}
