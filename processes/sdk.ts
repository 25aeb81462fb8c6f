import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { anyFreePort } from './ports.ts';

const answerMilliseconds = 1_000;

/**
 * Sends what Temporal's SDK has to say to our log, and keeps it from taking the process's signals for itself: the wiring of a
 * process stop in an order of their own. Once per process, before any connection. Returns how to read the SDK's own metrics: it shows
 * them itself and to nobody else, on loopback, so they are fetched from there for our page.
 */
export async function prepareSdk(log: Logger): Promise<() => Promise<string>> {
  const address = `127.0.0.1:${await anyFreePort('127.0.0.1')}`;
  Runtime.install({
    shutdownSignals: [],
    logger: sdkLogger(log),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} },
      metrics: {
        prometheus: { bindAddress: address, countersTotalSuffix: true, useSecondsForDurations: true },
      },
    },
  });
  return async () => {
    const answer = await fetch(`http://${address}/metrics`, {
      signal: AbortSignal.timeout(answerMilliseconds),
    });
    return answer.text();
  };
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
