import type { Logger } from 'pino';

/** Does something again and again, never twice at once. The answer stops it, and waits for what is under way. */
export function repeat(work: () => Promise<void>, milliseconds: number, logger: Logger): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  let stopped = false;
  const turn = (): void => {
    running = work()
      .catch((error: unknown) => logger.error({ err: error }, 'work in the background failed'))
      .then(() => {
        if (!stopped) {
          timer = setTimeout(turn, milliseconds);
        }
      });
  };
  turn();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
