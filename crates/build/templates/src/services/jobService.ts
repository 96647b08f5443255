import type { Logger } from 'pino';
import type { Job } from '../models/job.js';
import type { Database } from '../repositories/database.js';
import type { JobRepository } from '../repositories/jobRepository.js';
import { SYSTEM } from '../types/actor.js';
import { isJobKind, type JobHandler, type JobKind, SCHEDULES } from './jobHandlers.js';

const BATCH = 20;
const MOST_ATTEMPTS = 8;

interface Dependencies {
  readonly database: Database;
  readonly jobs: JobRepository;
  readonly handlers: Readonly<Record<JobKind, JobHandler>>;
  readonly logger: Logger;
}

/** Does what was queued and what is due again. Several instances share the work; each job is done by one of them. */
export class JobService {
  #scheduled = false;

  constructor(private readonly use: Dependencies) {}

  async work(): Promise<void> {
    await this.#schedule();
    const claimed = await this.use.database.as(SYSTEM, (tx) => this.use.jobs.claim(tx, BATCH));
    for (const job of claimed) {
      try {
        await this.#run(job);
      } catch (error) {
        const last = job.everySeconds === null && job.attempts >= MOST_ATTEMPTS;
        this.use.logger.error({ err: error, job: job.id, kind: job.kind, last }, 'a job has failed');
        if (last) {
          await this.use.database.as(SYSTEM, (tx) => this.use.jobs.giveUp(tx, job.id));
        }
      }
    }
  }

  /** What a job changes and the note that it is done are kept together, or neither is. */
  async #run(job: Job): Promise<void> {
    const { kind } = job;
    if (!isJobKind(kind)) {
      throw new Error('nobody knows what to do');
    }
    await this.use.database.as(SYSTEM, async (tx) => {
      await this.use.handlers[kind](tx, job);
      await this.use.jobs.done(tx, job);
    });
  }

  async #schedule(): Promise<void> {
    if (!this.#scheduled) {
      await this.use.database.as(SYSTEM, async (tx) => {
        for (const { kind, everySeconds } of SCHEDULES) {
          await this.use.jobs.schedule(tx, kind, everySeconds);
        }
      });
      this.#scheduled = true;
    }
  }
}
