import { budgetOf } from '../activities/budget.ts';
import { connectClients } from '../activities/clients.ts';
import { wayTo } from '../activities/http.ts';
import { outageLines } from '../log/log.ts';
import { createMetrics } from '../server/metrics.ts';
import type { World } from '../server/operations/operation.ts';
import { startDoctorWatch } from '../server/rounds/doctor-watch.ts';
import { type RunningServer, startServer } from '../server/server.ts';
import { openStore } from '../store/open.ts';
import { batonFor } from '../worker/baton.ts';
import { taskQueue } from '../worker/worker.ts';
import { prepareCluster, warnOfOwner } from './cluster.ts';
import { allConnections, connectionsIn, connectionWarnings } from './connections.ts';
import { builtConsole } from './console.ts';
import { sendBy, toldBy } from './deliveries.ts';
import { directJournal, directPager, directSubscriptions } from './direct.ts';
import { directIncidents } from './direct-incidents.ts';
import { noteStart } from './life.ts';
import { Lifetime } from './lifetime.ts';
import { formOpener } from './open-form.ts';
import { portTaken } from './ports.ts';
import { pullSource } from './pull.ts';
import { lazyClient } from './temporal-client.ts';
import type { Wiring } from './wiring.ts';
import { worldOf } from './world.ts';

const usualPort = 8080;

/** `baton server`: as many as are needed, behind a balancer. Returns when it was told to stop and has drained. */
export async function runServer(wiring: Wiring): Promise<void> {
  const { settings, temporal, providers, secretKey, payloadKeys, scrub, learn, log, authority, halves } =
    await prepareCluster(wiring, 'server');
  const lifetime = new Lifetime();
  try {
    let server: RunningServer | undefined;
    const { databaseUrl, migrationDatabaseUrl, dataDir, retentionDays, headsDir } = settings;
    const store = await openStore({
      databaseUrl,
      migrationDatabaseUrl,
      dataDir,
      scrub,
      outages: outageLines(() => log),
      onPending: () => server?.wake(),
    });
    lifetime.onClose(() => store.close());
    await warnOfOwner(store, log);
    for (const warning of connectionWarnings(wiring.env)) log.warn(warning);
    const port = settings.port ?? usualPort;
    const { client, close } = lazyClient(temporal, payloadKeys);
    lifetime.onClose(close);
    const connections = connectionsIn(store, secretKey, settings, { env: wiring.env, providers }, learn);
    const allClients = connectClients(
      providers,
      allConnections(wiring.env, connections),
      wiring.env,
      budgetOf(store.leaseRequests),
    );
    const baton = batonFor({ store });
    const world: World = {
      ...worldOf(wiring, { store, connections, providers, settings, env: wiring.env }),
      running: () => server?.state(),
      changesIncident: directIncidents(wiring.loadActivities, { ...allClients, baton }, [], providers),
      runs: { client, taskQueue, eagerStart: false, authority },
    };
    const policies = await wiring.loadPolicies();
    server = await startServer({
      host: settings.host,
      port,
      pagerDutySecrets: settings.pagerDutySecrets,
      jiraSecrets: settings.jiraSecrets,
      httpSource: settings.httpSource,
      connections,
      slackSigningSecret: settings.slackSigningSecret,
      slackAppToken: settings.slackAppToken,
      slackApiUrl: settings.slackApiUrl,
      publicUrl: settings.publicUrl,
      console: builtConsole,
      oidc: settings.oidc,
      wayTo: async (address) => wayTo(address, wiring.env),
      openForm: formOpener(allClients),
      store,
      client,
      eagerStart: false,
      namespace: temporal.namespace,
      triggers: await wiring.loadTriggers(),
      urgent: policies.urgent,
      taskQueue,
      versions: settings.workerVersions,
      workersExpected: settings.workersExpected,
      authority,
      world,
      simulated: [],
      halves,
      log,
      // Nobody waits for room under a rate to be paged.
      pager: directPager(wiring.loadActivities, {
        ...connectClients(providers, allConnections(wiring.env, connections), wiring.env),
        baton,
      }),
      pages: policies.pages,
      heartbeats: policies.heartbeats,
      tell: directJournal(wiring.loadActivities, { ...allClients, baton }, store),
      told: toldBy(policies.subscriptions, sendBy(providers, allClients)),
      subscriptions: directSubscriptions(wiring.loadActivities, { ...allClients, baton }),
      pull: pullSource(providers, allClients, { pullSeconds: settings.pullSeconds, env: wiring.env }),
      metrics: createMetrics(),
      keeping: { secretKey, headsDir, retentionDays },
    }).catch(async (error: NodeJS.ErrnoException) => {
      throw error.code === 'EADDRINUSE' ? await portTaken(settings.host, port) : error;
    });
    lifetime.onClose(server.stop);
    lifetime.onClose(startDoctorWatch({ doctor: world.doctor, store, log }).stop);
    lifetime.onClose(await noteStart(store, { process: 'server' }));
    log.info({ port }, 'Listening');
    await lifetime.untilEnd();
    log.info('Stopping');
  } finally {
    await lifetime.close((error) => log.error({ err: error }, 'Not stopped cleanly'));
  }
}
