import { randomUUID } from 'node:crypto';
import { and, eq, inArray, isNotNull, isNull, lte, sql } from 'drizzle-orm';
import { type Job, jobs } from '../models/job.js';
import type { Transaction } from './database.js';

export class JobRepository {
  /** In the transaction of its reason: no job about what did not happen, and no job that is lost. */
  async enqueue(tx: Transaction, kind: string, payload: Job['payload']): Promise<void> {
    await tx.insert(jobs).values({ id: randomUUID(), kind, payload });
  }

  /** Sees to it that there is one job of this kind, at this pace. */
  async schedule(tx: Transaction, kind: string, everySeconds: number): Promise<void> {
    await tx
      .insert(jobs)
      .values({ id: randomUUID(), kind, everySeconds })
      .onConflictDoUpdate({ target: jobs.kind, targetWhere: isNotNull(jobs.everySeconds), set: { everySeconds } });
  }

  /** Takes jobs that are due, for a while that grows with every attempt; other instances take others. */
  async claim(tx: Transaction, most: number): Promise<Job[]> {
    const due = tx
      .select({ id: jobs.id })
      .from(jobs)
      .where(and(isNull(jobs.failedAt), lte(jobs.dueAt, sql`now()`)))
      .orderBy(jobs.dueAt)
      .limit(most)
      .for('update', { skipLocked: true });
    return tx
      .update(jobs)
      .set({ attempts: sql`${jobs.attempts} + 1`, dueAt: sql`now() + interval '1 minute' * power(2, least(${jobs.attempts}, 8))` })
      .where(inArray(jobs.id, due))
      .returning();
  }

  /** It is done: for good, or until it is due again. */
  async done(tx: Transaction, { id, everySeconds }: Job): Promise<void> {
    if (everySeconds === null) {
      await tx.delete(jobs).where(eq(jobs.id, id));
    } else {
      await tx.update(jobs).set({ attempts: 0, dueAt: sql`now() + make_interval(secs => ${jobs.everySeconds})` }).where(eq(jobs.id, id));
    }
  }

  async giveUp(tx: Transaction, id: string): Promise<void> {
    await tx.update(jobs).set({ failedAt: sql`now()` }).where(eq(jobs.id, id));
  }
}
