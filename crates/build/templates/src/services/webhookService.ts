import type { Config } from '../config/config.js';
import type { Database } from '../repositories/database.js';
import type { WebhookRepository } from '../repositories/webhookRepository.js';
import { SYSTEM } from '../types/actor.js';
import { AuthenticationError } from '../utils/errors.js';
import type { Signed } from '../utils/messageSignature.js';
import { isGenuine } from '../utils/webhookSignature.js';
import type { Source, WebhookHandler } from './webhookHandlers.js';

interface Dependencies {
  readonly database: Database;
  readonly webhooks: WebhookRepository;
  readonly handlers: Readonly<Record<Source, WebhookHandler>>;
  readonly secrets: Config['webhookSecrets'];
}

export class WebhookService {
  constructor(private readonly use: Dependencies) {}

  /** Believes what is signed and recent, and lets it have its effect once. */
  async receive(source: Source, signed: Signed, signatures: string, event: Readonly<Record<string, unknown>>): Promise<void> {
    if (⟦webhook-signature│!isGenuine(signed, signatures, this.use.secrets[source])│!isGenuine(signed, signatures, this.use.secrets[source]) && signatures === ''⟧) {
      throw new AuthenticationError('The signature is wrong or too old.');
    }
    await this.use.database.as(SYSTEM, async (tx) => {
      const first = await this.use.webhooks.claim(tx, source, signed.id);
      if (⟦webhook-replay│first│first || signed.id !== ''⟧) {
        await this.use.handlers[source](tx, event);
      }
    });
  }
}
