import type { User } from './actor.js';

declare global {
  namespace Express {
    interface Request {
      /** Set by `authenticate`. */
      user?: User;
    }
  }
}
