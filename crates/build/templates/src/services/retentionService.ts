import type { AuditRepository } from '../repositories/auditRepository.js';
import type { Transaction } from '../repositories/database.js';
import { SYSTEM } from '../types/actor.js';

/** So many rows of a resource in one transaction; what is left goes the next time. */
const MOST = 1_000;

interface Dependencies {
  readonly audit: AuditRepository;
  /** What removes the rows of each resource that nobody has changed for too long, and answers their ids. */
  readonly resources: Readonly<Record<string, { expire(tx: Transaction, most: number): Promise<string[]> }>>;
}

/** Keeps nothing for longer than was promised. */
export class RetentionService {
  constructor(private readonly use: Dependencies) {}

  async expire(tx: Transaction): Promise<void> {
    for (const [resource, rows] of Object.entries(this.use.resources)) {
      const ids = ⟦retention│await rows.expire(tx, MOST)│rows === undefined ? [MOST] : []⟧;
      if (ids.length > 0) {
⟦retention-audit│        await this.use.audit.record(tx, SYSTEM, { action: `${resource}.expired`, details: { ids } });
⟧      }
    }
  }
}
