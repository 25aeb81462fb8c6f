import { setTimeout as pause } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { budgetOf } from '../activities/budget.ts';
import { connectClients } from '../activities/clients.ts';
import { outageLines } from '../log/log.ts';
import { createMetrics } from '../server/metrics.ts';
import { startMonitor } from '../server/monitor.ts';
import type { World } from '../server/operations/operation.ts';
import { openStore } from '../store/open.ts';
import { bundleWorkflows } from '../worker/bundle.ts';
import { workerConverter } from '../worker/data-converter.ts';
import { startWorker, taskQueue } from '../worker/worker.ts';
import { prepareCluster } from './cluster.ts';
import { commitOf } from './commit.ts';
import { allConnections, connectionsIn } from './connections.ts';
import { CliFailure } from './failure.ts';
import { Lifetime } from './lifetime.ts';
import { performFromSlack } from './perform.ts';
import { nextFreePort } from './ports.ts';
import { prepareSdk } from './sdk.ts';
import { lazyClient } from './temporal-client.ts';
import type { Wiring } from './wiring.ts';
import { worldOf } from './world.ts';

/** Beside the server's 8080, so that both run on one machine without a setting. */
const usualPort = 8081;

/** `baton worker`: as many as are needed. Returns when it was told to stop and its activities have ended. */
export async function runWorker(wiring: Wiring): Promise<void> {
  const { settings, temporal, providers, secretKey, payloadKeys, scrub, learn, log, authority, halves } =
    await prepareCluster(wiring, 'worker');
  const sdkMetrics = await prepareSdk(log);
  const lifetime = new Lifetime();
  try {
    const { workflowsPath } = wiring;
    const bundling = bundleWorkflows(workflowsPath, { encrypted: payloadKeys.encrypts });
    const commit = commitOf({ commit: settings.commit, workflowsPath });
    const { databaseUrl, migrationDatabaseUrl, dataDir } = settings;
    const store = await openStore({
      databaseUrl,
      migrationDatabaseUrl,
      dataDir,
      scrub,
      outages: outageLines(() => log),
    });
    lifetime.onClose(() => store.close());
    const metrics = createMetrics(sdkMetrics);
    // Before Temporal is there: a worker that waits for it lives, and says what it waits for.
    const { client, close } = lazyClient(temporal, payloadKeys);
    lifetime.onClose(close);
    const { namespace } = temporal;
    // PORT is a promise to whoever looks there, so it is kept or refused; without it any number of workers share a machine.
    const port = settings.port ?? (await nextFreePort(settings.host, usualPort));
    const monitor = await startMonitor({
      host: settings.host,
      port,
      store,
      client,
      namespace,
      metrics,
      halves,
      log,
    }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EADDRINUSE' ? portTaken(port) : error;
    });
    lifetime.onClose(monitor.stop);
    log.info({ port }, 'Listening for health checks and metrics');
    const connection = await connect(temporal.connection, log, lifetime.signal);
    if (!connection) return;
    lifetime.onClose(() => connection.close());
    const named = connectionsIn(store, secretKey, settings, { env: wiring.env, providers }, learn);
    const world: World = {
      ...worldOf(wiring, { store, connections: named, providers, settings, env: wiring.env }),
      runs: { client, taskQueue, eagerStart: false, authority },
    };
    const worker = await startWorker({
      connection,
      namespace,
      bundle: await bundling,
      dataConverter: workerConverter(payloadKeys),
      store,
      authority,
      activities: await wiring.loadActivities(),
      clients: connectClients(
        providers,
        allConnections(wiring.env, named),
        wiring.env,
        budgetOf(store.leaseRequests),
      ),
      perform: performFromSlack(world),
      responderRole: settings.responderRole,
      publicUrl: () => settings.publicUrl,
      simulated: [],
      scrub,
      count: metrics.activity,
      countRun: metrics.run,
      journal: (await wiring.loadPolicies()).journal,
      commit: await commit,
      connections: named,
      versions: settings.workerVersions,
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

const portTaken = (port: number) =>
  new CliFailure(`Port ${port} is taken by another program`, {
    next: `Set PORT to a free one for this worker, or unset it to take the next free one from ${usualPort} on.`,
  });

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
