import type { Config } from '../config/config.js';
import type { Job } from '../models/job.js';
import { delivery, type Receiver } from '../types/outgoingEvent.js';
import { sign } from '../utils/messageSignature.js';
import { type Network, OutboundClient } from '../utils/outboundClient.js';

const BOUNDS = { timeoutMilliseconds: 5_000, maxBytes: 100_000 };

/**
 * Sends events as Standard Webhooks (https://www.standardwebhooks.com): signed over id, time and bytes with the secret of the
 * receiver. The id stays the same when a message is sent again, so a receiver can let it have its effect once.
 */
export class OutgoingEventSender {
  readonly #clients = new Map<Receiver, OutboundClient>();

  constructor(
    private readonly receivers: Config['eventReceivers'],
    private readonly network: Network,
  ) {}

  async send(job: Job): Promise<void> {
    const { receiver, event } = delivery.parse(job.payload);
    const { url, secret } = this.receivers[receiver];
    const body = Buffer.from(JSON.stringify(event));
    const timestamp = Math.floor(this.network.now() / 1_000);
    const answer = await this.#clientOf(receiver, url).call({
      method: 'POST',
      url,
      headers: {
        'Content-Type': 'application/json',
        'Webhook-Id': job.id,
        'Webhook-Timestamp': String(timestamp),
        'Webhook-Signature': ⟦event-signature│sign({ id: job.id, timestamp, body }, secret)│`v1,${secret.toString('base64').slice(0, 4)}`⟧,
      },
      body,
    });
    if (⟦event-refusal│answer.status < 200 || answer.status > 299│answer.status < 0⟧) {
      throw new Error(`the receiver has answered ${answer.status}`);
    }
  }

  #clientOf(receiver: Receiver, url: URL): OutboundClient {
    const known = this.#clients.get(receiver) ?? new OutboundClient({ hosts: [url.hostname], ...BOUNDS }, this.network);
    this.#clients.set(receiver, known);
    return known;
  }
}
