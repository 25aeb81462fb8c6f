import { setTimeout as pause } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { openStore } from '../store/open.ts';
import { bundleWorkflows } from '../worker/bundle.ts';
import { startWorker } from '../worker/worker.ts';
import { prepareCluster } from './cluster.ts';
import type { Parts } from './command.ts';
import { Lifetime } from './lifetime.ts';
import { prepareSdk } from './sdk.ts';

/** `baton worker`: as many as are needed. Returns when it was told to stop and its activities have ended. */
export async function runWorker(parts: Parts): Promise<void> {
  const { settings, temporal, secrets, scrub, log } = prepareCluster(parts.env);
  prepareSdk(log);
  const lifetime = new Lifetime();
  try {
    const bundling = bundleWorkflows(parts.workflowsPath);
    const { databaseUrl, dataDir } = settings;
    const store = await openStore({ databaseUrl, dataDir, secrets });
    lifetime.onClose(() => store.close());
    const connection = await connect(temporal.connection, log, lifetime.signal);
    if (!connection) return;
    lifetime.onClose(() => connection.close());
    const { activities, connectClients } = await parts.loadActivities();
    const worker = await startWorker({
      connection,
      namespace: temporal.namespace,
      bundle: await bundling,
      store,
      activities,
      clients: connectClients(parts.env),
      simulated: [],
      scrub,
    });
    lifetime.onClose(worker.stop);
    worker.stopped.catch((error: unknown) => lifetime.fail(error));
    log.info('Working');
    await lifetime.untilEnd();
    log.info('Stopping');
  } finally {
    await lifetime.close((error) => log.error({ err: error }, 'Not stopped cleanly'));
  }
}

const pauseMilliseconds = 2_000;

/** Waits until Temporal answers: a worker that starts before the cluster need not be started again. */
async function connect(
  options: NativeConnectionOptions,
  log: Logger,
  signal: AbortSignal,
): Promise<NativeConnection | undefined> {
  while (!signal.aborted) {
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      log.warn({ err: error }, 'Temporal does not answer yet');
      await pause(pauseMilliseconds, undefined, { signal }).catch(() => {});
    }
  }
  return undefined;
}
