import type { Request, Response } from 'express';
import type { Database } from '../repositories/database.js';

export class HealthController {
  #draining = false;

  constructor(private readonly database: Database) {}

  /** From now on no new work should be sent here. */
  drain = (): void => {
    this.#draining = true;
  };

  /** The process runs. */
  live = (_req: Request, res: Response): void => {
    res.json({ status: 'ok' });
  };

  /** It can serve: the database answers, and it is not about to stop. */
  ready = async (req: Request, res: Response): Promise<void> => {
    try {
      if (this.#draining) {
        throw new Error('stopping');
      }
      await this.database.ping();
      res.json({ status: 'ok' });
    } catch (error) {
      req.log.warn({ err: error }, 'not ready');
      res.status(503).json({ status: 'unavailable' });
    }
  };
}
