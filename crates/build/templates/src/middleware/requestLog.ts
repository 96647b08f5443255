import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';

/** One line for each request. The id is ours: one that a client may choose would let them write into the log. */
export function requestLog(logger: Logger): RequestHandler {
  return pinoHttp({
    logger,
    wrapSerializers: false,
    genReqId: (⟦own-request-id*│_req│req⟧, res) => {
      const id = ⟦own-request-id*│randomUUID()│String(req.headers['x-request-id'] ?? randomUUID())⟧;
      res.setHeader('X-Request-Id', id);
      return id;
    },
    autoLogging: { ignore: (req) => req.url?.startsWith('/health/') === true },
    customLogLevel: (_req, res, error) => (error !== undefined || res.statusCode >= 500 ? 'error' : 'info'),
    serializers: {
      req: (req: { id: unknown; method: unknown; url: unknown }) => ({
        id: req.id,
        method: req.method,
        path: String(req.url)⟦path-without-query│.split('?')[0]⟧,
      }),
      res: (res: { statusCode: unknown }) => ({ status: res.statusCode }),
    },
  });
}
