import type { Server } from 'node:http';
import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import type { Logger } from 'pino';
import { createApp, createHttpServer } from '../server/app.ts';
import { type Dispatcher, startDispatcher } from '../server/dispatch.ts';
import type { Metrics } from '../server/metrics.ts';
import { startReconciler } from '../server/reconcile.ts';
import { syncSchedules } from '../server/schedules.ts';
import { startSealer } from '../server/sealer.ts';
import { isTemporalAway, watchTemporal } from '../server/temporal-state.ts';
import type { Store } from '../store/store.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { taskQueue } from '../worker/worker.ts';
import { CliFailure } from './failure.ts';

export interface ReceiverOptions {
  host: string;
  port: number;
  pagerDutySecrets: readonly string[];
  slackSigningSecret: string | undefined;
  store: Store;
  temporal: { connection: ConnectionOptions; namespace: string };
  triggers: readonly Trigger[];
  simulated: readonly string[];
  log: Logger;
  metrics: Metrics;
}

export interface RunningReceiver {
  dispatcher: Dispatcher;
  /** Takes nothing new, finishes what it has taken, hands the rest back. */
  stop(): Promise<void>;
}

/**
 * The side that takes events in and starts runs: the HTTP server, the dispatcher, the sealer of the record, and the comparison
 * with Temporal. It starts, and answers 202, also while Temporal is away.
 */
export async function startReceiver(options: ReceiverOptions): Promise<RunningReceiver> {
  const { store, triggers, log, metrics } = options;
  const connection = Connection.lazy(options.temporal.connection);
  const { namespace } = options.temporal;
  const client = new Client({ connection, namespace });
  const temporal = watchTemporal(client, namespace, log);
  const dispatcher = startDispatcher({
    store,
    client,
    triggers,
    taskQueue,
    temporal,
    log,
    count: metrics.event,
  });
  const app = createApp({
    pagerDutySecrets: options.pagerDutySecrets,
    slackSigningSecret: options.slackSigningSecret,
    store,
    onStored: dispatcher.take,
    temporalState: () => temporal,
    log,
    metrics,
    simulated: options.simulated,
  });
  const server = createHttpServer(app);
  const reconciler = startReconciler({ store, client, log });
  const sealer = startSealer(store, log);
  let stopping = false;
  const bringSchedules = async () => {
    while (!stopping) {
      try {
        return await syncSchedules({ client, triggers, taskQueue, log });
      } catch (error) {
        if (stopping) return;
        if (!isTemporalAway(error))
          return log.error({ err: error }, 'Schedules could not be brought up to date: they are as before');
        await temporal.untilBack(error);
      }
    }
  };
  const stopBackground = async () => {
    stopping = true;
    await dispatcher.stop();
    await reconciler.stop();
    await sealer.stop();
    await connection.close();
  };
  try {
    await listen(server, options);
  } catch (error) {
    await stopBackground();
    throw error;
  }
  void bringSchedules();
  return {
    dispatcher,
    async stop() {
      await closeServer(server);
      await stopBackground();
    },
  };
}

function listen(server: Server, { host, port }: ReceiverOptions): Promise<void> {
  return new Promise((listening, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      failed(error.code === 'EADDRINUSE' ? portTaken(port) : error),
    );
    server.listen(port, host, listening);
  });
}

export const portTaken = (port: number) =>
  new CliFailure(`Port ${port} is taken by another program`, {
    next: 'Set PORT to a free one, or unset it to take the next free one from 8080 on.',
  });

/** Requests under way are answered; connections that only wait for a next request are ended. */
function closeServer(server: Server): Promise<void> {
  return new Promise((closed) => {
    server.close(() => closed());
    server.closeIdleConnections();
  });
}
