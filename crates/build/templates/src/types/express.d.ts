import type { Logger } from 'pino';
import type { User } from './actor.js';

declare global {
  namespace Express {
    interface Request {
      /** Set by `requestLog`. */
      id: string;
      readonly log: Logger;
      /** Set by `authenticate`. */
      user?: User;
    }
  }
}
