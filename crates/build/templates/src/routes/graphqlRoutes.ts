import { Router } from 'express';
import type { GraphqlController } from '../controllers/graphqlController.js';
import { byUser } from '../middleware/rateLimit.js';
import type { Guards } from './guards.js';

export function graphqlRoutes(controller: GraphqlController, { authenticate, csrf, limits }: Guards): Router {
  const router = Router();
  const queries = limits.limit({ name: 'graphql', points: 120, seconds: 60 }, byUser);
  router.post('/', ⟦graphql-authentication│authenticate, ⟧⟦graphql-csrf│csrf, ⟧⟦graphql-limit│queries, ⟧controller.query);
  return router;
}
