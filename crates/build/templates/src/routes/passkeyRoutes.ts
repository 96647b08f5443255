import { Router } from 'express';
import type { PasskeyController } from '../controllers/passkeyController.js';
import { byAddress, byUser } from '../middleware/rateLimit.js';
import type { Guards } from './guards.js';

export function passkeyRoutes(controller: PasskeyController, { authenticate, csrf, limits }: Guards): Router {
  const router = Router();
  const perAddress = limits.limit({ name: 'passkey sign-in', points: 50, seconds: 900 }, byAddress);
  const perUser = limits.limit({ name: 'passkey', points: 10, seconds: 900 }, byUser);
  router.post('/sign-in/options', ⟦passkey-limit│perAddress, ⟧controller.beginSignIn);
  router.post('/sign-in', ⟦passkey-limit│perAddress, ⟧controller.signIn);
  router.get('/', ⟦account-authentication│authenticate, ⟧controller.list);
  router.post('/options', ⟦account-authentication│authenticate, ⟧⟦account-csrf│csrf, ⟧⟦passkey-limit│perUser, ⟧controller.begin);
  router.post('/', ⟦account-authentication│authenticate, ⟧⟦account-csrf│csrf, ⟧⟦passkey-limit│perUser, ⟧controller.add);
  router.delete('/:id', ⟦account-authentication│authenticate, ⟧⟦account-csrf│csrf, ⟧controller.remove);
  return router;
}
