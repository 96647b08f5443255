import type { RequestHandler } from 'express';
import type { Telemetry } from '../utils/telemetry.js';
import { methodOf, routeOf } from './measure.js';

/** Tells of each request by its route; what a client has made up never becomes a name. */
export function tellOf(telemetry: Telemetry): RequestHandler {
  return (req, res, next) => {
    const span = telemetry.begin(methodOf(req), req.get('traceparent'));
    res.once('close', () => span.end(routeOf(req), res.statusCode));
    span.run(next);
  };
}
