import { Router } from 'express';
import type { AuthController } from '../controllers/authController.js';
import { byAccount, byAddress, byUser } from '../middleware/rateLimit.js';
import type { Guards } from './guards.js';

export function authRoutes(controller: AuthController, { authenticate, csrf, limits }: Guards): Router {
  const router = Router();
  const perAddress = limits.limit({ name: 'auth', points: 50, seconds: 900 }, byAddress);
  const perAccount = limits.limit({ name: 'login', points: 10, seconds: 900 }, byAccount);
  const perUser = limits.limit({ name: 'password', points: 5, seconds: 900 }, byUser);

  router.post('/register', perAddress, controller.register);
  router.post('/login', perAddress, perAccount, controller.login);
  router.post('/refresh', perAddress, controller.refresh);
  router.post('/logout', perAddress, controller.logout);
  router.get('/csrf', authenticate, controller.csrfToken);
  router.get('/me', authenticate, controller.me);
  router.post('/password', authenticate, csrf, perUser, controller.changePassword);
  return router;
}
