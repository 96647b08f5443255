import { Router } from 'express';
import type { SecondFactorController } from '../controllers/secondFactorController.js';
import { byUser } from '../middleware/rateLimit.js';
import type { Guards } from './guards.js';

export function secondFactorRoutes(controller: SecondFactorController, { authenticate, csrf, limits }: Guards): Router {
  const router = Router();
  const perUser = limits.limit({ name: 'second factor', points: 5, seconds: 900 }, byUser);
  router.post('/', ⟦account-authentication│authenticate, ⟧⟦account-csrf│csrf, ⟧⟦factor-limit│perUser, ⟧controller.add);
  router.post('/confirm', ⟦account-authentication│authenticate, ⟧⟦account-csrf│csrf, ⟧⟦factor-limit│perUser, ⟧controller.confirm);
  router.post('/remove', ⟦account-authentication│authenticate, ⟧⟦account-csrf│csrf, ⟧⟦factor-limit│perUser, ⟧controller.remove);
  return router;
}
