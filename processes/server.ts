import { outageLines } from '../log/log.ts';
import { createMetrics } from '../server/metrics.ts';
import { type RunningServer, startServer } from '../server/server.ts';
import { openStore } from '../store/open.ts';
import { taskQueue } from '../worker/worker.ts';
import { prepareCluster, warnOfOwner } from './cluster.ts';
import { Lifetime } from './lifetime.ts';
import { directPager } from './pager.ts';
import { portTaken } from './ports.ts';
import { shownSettings } from './settings.ts';
import { lazyClient } from './temporal-client.ts';
import type { Wiring } from './wiring.ts';

const usualPort = 8080;

/** `baton server`: as many as are needed, behind a balancer. Returns when it was told to stop and has drained. */
export async function runServer(wiring: Wiring): Promise<void> {
  const { settings, temporal, secrets, log, authority } = prepareCluster(wiring.env);
  const lifetime = new Lifetime();
  try {
    let server: RunningServer | undefined;
    const { databaseUrl, migrationDatabaseUrl, dataDir, retentionDays, headsDir, secretKey } = settings;
    const store = await openStore({
      databaseUrl,
      migrationDatabaseUrl,
      dataDir,
      secrets,
      outages: outageLines(() => log),
      onPending: () => server?.wake(),
    });
    lifetime.onClose(() => store.close());
    await warnOfOwner(store, log);
    const port = settings.port ?? usualPort;
    const { client, close } = lazyClient(temporal);
    lifetime.onClose(close);
    server = await startServer({
      host: settings.host,
      port,
      pagerDutySecrets: settings.pagerDutySecrets,
      slackSigningSecret: settings.slackSigningSecret,
      slackApiUrl: settings.slackApiUrl,
      wayToSlack: async (address) => (await wiring.loadActivities()).wayTo(address, wiring.env),
      store,
      client,
      eagerStart: false,
      namespace: temporal.namespace,
      triggers: await wiring.loadTriggers(),
      taskQueue,
      versions: settings.workerVersions,
      authority,
      lists: {
        activities: async () => (await wiring.loadActivities()).activities,
        workflows: () => wiring.loadWorkflows(),
        settings: () => shownSettings(wiring.env),
      },
      simulated: [],
      log,
      pager: directPager(wiring, wiring.env),
      metrics: createMetrics(),
      keeping: { secretKey, headsDir, retentionDays },
    }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EADDRINUSE' ? portTaken(port) : error;
    });
    lifetime.onClose(server.stop);
    log.info({ port }, 'Listening');
    await lifetime.untilEnd();
    log.info('Stopping');
  } finally {
    await lifetime.close((error) => log.error({ err: error }, 'Not stopped cleanly'));
  }
}
