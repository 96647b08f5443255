import type { Request, RequestHandler, Response } from 'express';
import { rawBodyOf } from '../middleware/rawBody.js';
import type { Source } from '../services/webhookHandlers.js';
import type { WebhookService } from '../services/webhookService.js';
import { webhookRequest } from '../types/webhook.js';
import { readRequest } from '../utils/readRequest.js';

export class WebhookController {
  constructor(private readonly webhooks: WebhookService) {}

  receive(source: Source): RequestHandler {
    return async (req: Request, res: Response): Promise<void> => {
      const { headers, body } = readRequest(webhookRequest, req);
      const signed = { id: headers['webhook-id'], timestamp: headers['webhook-timestamp'], body: rawBodyOf(req) };
      await this.webhooks.receive(source, signed, headers['webhook-signature'], body);
      res.status(204).end();
    };
  }
}
