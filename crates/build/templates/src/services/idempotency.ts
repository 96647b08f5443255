import { createHash } from 'node:crypto';
import type { Transaction } from '../repositories/database.js';
import type { IdempotencyRepository } from '../repositories/idempotencyRepository.js';
import type { User } from '../types/actor.js';
import { ConflictError } from '../utils/errors.js';

interface Attempt {
  readonly key: string;
  readonly operation: string;
  readonly input: unknown;
  readonly resourceId: string;
}

/** A request that is sent again has its effect once. The key is claimed in the transaction of the effect. */
export class Idempotency {
  constructor(private readonly keys: IdempotencyRepository) {}

  /** The id of what the key created before, or `undefined` if this is the first attempt. */
  async claim(tx: Transaction, actor: User, attempt: Attempt): Promise<string | undefined> {
    const fingerprint = createHash('sha256').update(JSON.stringify([attempt.operation, attempt.input])).digest('hex');
    const earlier = await this.keys.claim(tx, { userId: actor.id, key: attempt.key, fingerprint, resourceId: attempt.resourceId });
    if (earlier !== undefined⟦idempotency-key-reuse│ && earlier.fingerprint !== fingerprint│ && false⟧) {
      throw new ConflictError('This idempotency key was used for another request.');
    }
    return earlier?.resourceId;
  }
}
