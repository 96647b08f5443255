import { z } from 'zod';

export const webhookRequest = z.object({
  headers: z.object({
    'webhook-id': z.string().regex(/^[\w.-]{1,100}$/),
    'webhook-timestamp': z.string().regex(/^\d{1,12}$/).transform(Number),
    'webhook-signature': z.string().min(1).max(500),
  }),
  body: z.looseObject({}),
});
