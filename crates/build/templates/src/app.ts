import cookieParser from 'cookie-parser';
import cors from 'cors';
import express, { type Express } from 'express';
import helmet from 'helmet';
import type { Container } from './container.js';
import { sameOrigin } from './middleware/csrf.js';
import { errorHandler, notFound } from './middleware/errorHandler.js';
import { measure, mountedAt } from './middleware/measure.js';
import { byAddress } from './middleware/rateLimit.js';
import { requestLog } from './middleware/requestLog.js';
import { requireJson } from './middleware/requireJson.js';
import { openApiDocument } from './openapi/document.js';
import { mounts } from './routes/index.js';

const BODY_LIMIT = '100kb';

export function createApp(container: Container): Express {
  const { config, controllers, guards, logger, metrics } = container;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', ⟦proxy-trust│config.trustedProxies│true⟧);
  app.set('query parser', 'simple');
  app.set('etag', false);

  app.use(measure(metrics));
  app.use(requestLog(logger));
⟦security-headers│  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
      strictTransportSecurity: { maxAge: 63_072_000, includeSubDomains: true },
      referrerPolicy: { policy: 'no-referrer' },
    }),
  );
⟧  app.use((_req, res, next) => {
⟦no-cache│    res.set('Cache-Control', 'no-store');
⟧    next();
  });

  app.get('/health/live', controllers.health.live);
  app.get('/health/ready', controllers.health.ready);

  app.use(
    cors({
      origin: ⟦cors-allow-list│[...config.allowedOrigins]│true⟧,
      credentials: true,
      methods: ['GET', 'POST', 'PATCH', 'DELETE'],
      allowedHeaders: ['Content-Type', 'X-CSRF-Token', 'If-Match', 'Idempotency-Key'],
      exposedHeaders: ['ETag', 'Location', 'RateLimit', 'Retry-After', 'X-Request-Id'],
      maxAge: 600,
    }),
  );
⟦address-limit│  app.use(guards.limits.limit({ name: 'address', points: config.requestsPerMinute, seconds: 60 }, byAddress));
⟧⟦same-origin│  app.use(sameOrigin(config.allowedOrigins));
⟧⟦json-only│  app.use(requireJson);
⟧  app.use(express.json({ limit: ⟦body-limit│BODY_LIMIT│'100mb'⟧, strict: true, type: 'application/json' }));
  app.use(cookieParser());

  for (const { path, router } of mounts(container)) {
    app.use(path, mountedAt(path), router);
  }
  app.get('/v1/openapi.json', ⟦contract-authentication│guards.authenticate, ⟧(_req, res) => {
    res.json(openApiDocument);
  });

  app.use(notFound);
  app.use(errorHandler);
  return app;
}
