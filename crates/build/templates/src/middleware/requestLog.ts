import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** One line for each request. The id is ours: one that a client may choose would let them write into the log. */
export function requestLog(logger: Logger): RequestHandler {
  // These lines hold what is listed here and nothing else: there is nothing to be looked for and cut out.
  const lines = logger.child({}, { redact: [] });
  return (req, res, next) => {
    const begun = performance.now();
    const id = ⟦own-request-id│randomUUID()│String(req.headers['x-request-id'] ?? randomUUID())⟧;
    const asked = { id, method: req.method, path: req.url⟦path-without-query│.split('?')[0]⟧ };
    let log: Logger | undefined;
    Object.defineProperties(req, { id: { value: id }, log: { get: () => (log ??= logger.child({ req: asked })) } });
    res.setHeader('X-Request-Id', id);
    if (!req.url.startsWith('/health/')) {
      res.once('close', () => {
        const level = res.statusCode >= 500 ? 'error' : 'info';
        const line = { req: asked, res: { status: res.statusCode }, responseTime: Math.round(performance.now() - begun) };
        lines[level](line, res.writableFinished ? 'request completed' : 'request aborted');
      });
    }
    next();
  };
}
