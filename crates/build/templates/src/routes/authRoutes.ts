import { Router } from 'express';
import type { AccountController } from '../controllers/accountController.js';
import type { AuthController } from '../controllers/authController.js';
import { byAccount, byAddress, byUser } from '../middleware/rateLimit.js';
import type { Guards } from './guards.js';

export function authRoutes(accounts: AccountController, controller: AuthController, { authenticate, csrf, limits }: Guards): Router {
  const router = Router();
  const perAddress = limits.limit({ name: 'auth', points: 50, seconds: 900 }, byAddress);
  const perAccount = limits.limit({ name: 'login', points: 10, seconds: 900 }, byAccount);
  const perMailbox = limits.limit({ name: 'mail', points: 5, seconds: 3_600 }, byAccount);
  const perUser = limits.limit({ name: 'password', points: 5, seconds: 900 }, byUser);

  router.post('/register', ⟦sign-in-address-limit│perAddress, ⟧⟦mailbox-limit│perMailbox, ⟧accounts.register);
  router.post('/confirm', ⟦sign-in-address-limit│perAddress, ⟧accounts.confirm);
  router.post('/password/forgot', ⟦sign-in-address-limit│perAddress, ⟧⟦mailbox-limit│perMailbox, ⟧accounts.forgotPassword);
  router.post('/password/reset', ⟦sign-in-address-limit│perAddress, ⟧accounts.resetPassword);
  router.post('/login', ⟦sign-in-address-limit│perAddress, ⟧⟦account-limit│perAccount, ⟧controller.login);
  router.post('/refresh', ⟦sign-in-address-limit│perAddress, ⟧controller.refresh);
  router.post('/logout', ⟦sign-in-address-limit│perAddress, ⟧controller.logout);
  router.get('/csrf', ⟦account-authentication│authenticate, ⟧controller.csrfToken);
  router.get('/me', ⟦account-authentication│authenticate, ⟧controller.me);
  router.post('/password', ⟦account-authentication│authenticate, ⟧⟦account-csrf│csrf, ⟧⟦password-limit│perUser, ⟧controller.changePassword);
  return router;
}
