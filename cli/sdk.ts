import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

/**
 * Sends what Temporal's SDK has to say to our log, and keeps it from taking the process's signals for itself: the parts of a
 * process stop in an order of their own. Once per process, before any connection.
 */
export function prepareSdk(log: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: sdkLogger(log),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} } },
  });
}

/** The SDK's warnings and errors as lines of ours. What is about a run carries its id under `run`, as our own lines do. */
export function sdkLogger(log: Logger): DefaultLogger {
  return new DefaultLogger('WARN', ({ level, message, meta }) => {
    // With its task's token anybody who reaches Temporal could answer in the worker's place.
    const { workflowId, taskToken: _, ...sdk } = meta ?? {};
    const line = { ...(workflowId === undefined ? {} : { run: workflowId }), sdk };
    if (level === 'ERROR') log.error(line, message);
    else log.warn(line, message);
  });
}
