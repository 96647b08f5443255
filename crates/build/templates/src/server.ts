import { createServer } from 'node:http';
import { createApp } from './app.js';
import { loadConfig } from './config/config.js';
import { assertUnprivileged } from './config/database.js';
import { createContainer } from './container.js';
import { createLogger } from './utils/logger.js';
import { metricsListener } from './utils/metrics.js';
import { repeat } from './utils/repeat.js';
import { stop } from './utils/shutdown.js';

const GRACE_MILLISECONDS = 10_000;
const MAIL_MILLISECONDS = 2_000;

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const logger = createLogger(config.logLevel);
  const container = createContainer(config, logger);
  try {
    ⟦unprivileged-login│await assertUnprivileged(container.pool);⟧
  } catch (error) {
    await container.database.close();
    throw error;
  }

  const server = createServer({ connectionsCheckingInterval: 1_000 }, createApp(container));
⟦slow-requests│  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
⟧  server.keepAliveTimeout = 5_000;
  server.maxRequestsPerSocket = 1_000;

  const metrics = createServer(metricsListener(container.metrics));
  const stopMail = repeat(() => container.services.mail.deliver(), MAIL_MILLISECONDS, logger);

  let stopping = false;
  const end = async (reason: string): Promise<void> => {
    if (stopping) {
      return;
    }
    stopping = true;
    logger.info({ reason }, 'stopping');
    process.exitCode = await stop({
      server,
      drain: container.controllers.health.drain,
      close: async () => {
        metrics.close();
        await stopMail();
        await container.database.close();
      },
      logger,
      graceMilliseconds: GRACE_MILLISECONDS,
    });
  };
⟦graceful-stop│  process.on('SIGTERM', () => void end('SIGTERM'));
⟧  process.on('SIGINT', () => void end('SIGINT'));
  process.on('unhandledRejection', (reason) => {
    logger.fatal({ err: reason }, 'a rejection was not handled');
    void end('unhandledRejection').then(() => process.exit(1));
  });

  metrics.listen(config.metricsPort, config.host);
  server.listen(config.port, config.host, () => logger.info({ listening: server.address() }, 'ready'));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'starting failed'}\n`);
  process.exitCode = 1;
});
