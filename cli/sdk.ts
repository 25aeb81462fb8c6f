import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

/**
 * Sends what Temporal's SDK has to say to our log, and keeps it from taking the process's signals for itself: the parts of a
 * process stop in an order of their own. Once per process, before any connection.
 */
export function prepareSdk(log: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      if (level === 'ERROR') log.error({ sdk: meta }, message);
      else log.warn({ sdk: meta }, message);
    }),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} } },
  });
}
