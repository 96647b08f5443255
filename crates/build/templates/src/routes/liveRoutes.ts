import { Router } from 'express';
import type { LiveController } from '../controllers/liveController.js';
import { ownOrigin } from '../middleware/ownOrigin.js';
import { byUser } from '../middleware/rateLimit.js';
import type { Guards } from './guards.js';

export function liveRoutes(controller: LiveController, allowedOrigins: readonly string[], { authenticate, limits }: Guards): Router {
  const router = Router();
  const opening = limits.limit({ name: 'live', points: 30, seconds: 60 }, byUser);
  router.get('/', ownOrigin(allowedOrigins), ⟦live-authentication│authenticate, ⟧⟦live-opening│opening, ⟧controller.open);
  return router;
}
