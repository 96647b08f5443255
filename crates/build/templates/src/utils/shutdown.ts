import type { Server } from 'node:http';
import type { Logger } from 'pino';

export interface Stoppable {
  readonly server: Server;
  /** Called first: readiness turns false, so that no new work is sent here. */
  readonly drain: () => void;
  /** Called last, when no request is in flight. */
  readonly close: () => Promise<void>;
  readonly logger: Logger;
  readonly graceMilliseconds: number;
}

/** Lets requests in flight finish, then closes what they used. Resolves to the exit code. */
export async function stop({ server, drain, close, logger, graceMilliseconds }: Stoppable): Promise<number> {
  drain();
  const forced = setTimeout(() => {
    logger.warn('requests did not finish in time');
    server.closeAllConnections();
  }, graceMilliseconds);
  try {
    await new Promise<void>((resolve, reject) => {
      server.close((error) => (error === undefined ? resolve() : reject(error)));
      server.closeIdleConnections();
    });
    await close();
    logger.info('stopped');
    return 0;
  } catch (error) {
    logger.error({ err: error }, 'stopping failed');
    return 1;
  } finally {
    clearTimeout(forced);
  }
}
