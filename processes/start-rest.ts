import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { NativeConnection, type WorkflowBundle } from '@temporalio/worker';
import type { Logger } from 'pino';
import { budgetOf } from '../activities/budget.ts';
import { connectClients } from '../activities/clients.ts';
import { wayTo } from '../activities/http.ts';
import type { AnyProvider } from '../activities/provider.ts';
import type { Output } from '../cli/output.ts';
import { outageLines } from '../log/log.ts';
import { authorityOf } from '../secrets/authority.ts';
import type { learningScrubber } from '../secrets/scrub.ts';
import { addressOf } from '../server/address.ts';
import { createMetrics } from '../server/metrics.ts';
import type { World } from '../server/operations/operation.ts';
import { missingLine, startDoctorWatch } from '../server/rounds/doctor-watch.ts';
import { type RunningServer, startServer } from '../server/server.ts';
import type { Session } from '../store/embedded/session.ts';
import { openStore } from '../store/open.ts';
import { batonFor } from '../worker/baton.ts';
import { clientConverter, workerConverter } from '../worker/data-converter.ts';
import { startWorker, taskQueue, type WorkerOptions } from '../worker/worker.ts';
import { banner } from './banner.ts';
import { warnOfOwner } from './cluster.ts';
import { allConnections, connectionsIn, connectionWarnings } from './connections.ts';
import { freshConsole } from './console.ts';
import { serveControl } from './control.ts';
import { sendBy, toldBy } from './deliveries.ts';
import { directJournal, directPager, directSubscriptions } from './direct.ts';
import { directIncidents } from './direct-incidents.ts';
import { performHere } from './door.ts';
import { effectiveSettings } from './effective.ts';
import { firstTokenFile } from './first-token.ts';
import { noteStart } from './life.ts';
import type { Lifetime } from './lifetime.ts';
import { secretsOf } from './masking.ts';
import { formOpener } from './open-form.ts';
import type { TemporalHere } from './own-temporal.ts';
import { performFromSlack } from './perform.ts';
import { pullSource } from './pull.ts';
import { prepareSdk } from './sdk.ts';
import { payloadKeysOf, secretKeyOf } from './secret-key.ts';
import { readSettings, type Settings } from './settings.ts';
import { makeSignInLink, signInLink } from './sign-in-link.ts';
import { playStory, simulatedAccountOf } from './simulators.ts';
import type { ShowSimulation } from './start.ts';
import { stoppableWorker } from './stoppable-worker.ts';
import type { Wiring } from './wiring.ts';
import { worldOf } from './world.ts';

export interface Begun {
  wiring: Wiring;
  output: Output;
  showSimulation: ShowSimulation;
  providers: readonly AnyProvider[];
  settings: Settings;
  port: number;
  lifetime: Lifetime;
  masking: ReturnType<typeof learningScrubber>;
  log: Logger;
  /** For the banner. */
  began: number;
  halves: readonly string[];
  /** Missing where the store is PostgreSQL. */
  database: Promise<Session> | undefined;
  temporal: Promise<TemporalHere>;
  commit: Promise<string | undefined>;
  bundle: Promise<WorkflowBundle>;
}

/** The rest of `baton start`, until it is ready. What was begun first is awaited here: the store before all else. */
export async function startRest(begun: Begun): Promise<void> {
  const { wiring, output, showSimulation, providers, settings, port, lifetime, log, began, halves } = begun;
  const { database, temporal: begunTemporal, commit, bundle } = begun;
  const { scrub, learn } = begun.masking;
  const { dataDir } = settings;
  const sdkMetrics = await prepareSdk(log);
  const here = addressOf(settings.host, port);
  const webhookUrl = `${here}/webhooks/pagerduty`;

  let server: RunningServer | undefined;
  const console = freshConsole(log);
  const simulating =
    settings.simulated.length === 0
      ? undefined
      : lifetime.opens(
          wiring.startSimulators({
            providers: settings.simulated,
            stateDir: join(dataDir, 'simulator'),
            webhookUrl,
          }),
          (running) => running.close(),
        );
  const loading = Promise.all([wiring.loadPolicies(), wiring.loadActivities(), wiring.loadTriggers()]);
  // Awaited below, after the store.
  loading.catch(() => undefined);
  const { databaseUrl, migrationDatabaseUrl } = settings;
  const store = await openStore({
    databaseUrl,
    migrationDatabaseUrl,
    dataDir,
    begun: database,
    scrub,
    onPending: () => server?.wake(),
    outages: outageLines(() => log),
  });
  lifetime.onClose(() => store.close());
  const secretKey = secretKeyOf(settings);
  const authority = authorityOf(secretKey);
  const payloadKeys = payloadKeysOf(secretKey, settings);
  if (databaseUrl !== undefined) await warnOfOwner(store, log);
  const temporal = await begunTemporal;

  const simulators = await simulating;
  const BATON_PUBLIC_URL = settings.publicUrl ?? here;
  const env = { ...wiring.env, ...simulators?.env, BATON_PUBLIC_URL };
  learn([...secretsOf(env, providers), secretKey]);
  const connected = readSettings(env, providers);
  for (const warning of connectionWarnings(env)) log.warn(warning);
  const connections = connectionsIn(store, secretKey, settings, { env: wiring.env, providers }, learn);

  const connection = await NativeConnection.connect(temporal.connection);
  lifetime.onClose(() => connection.close());
  const metrics = createMetrics(sdkMetrics);
  const clients = connectClients(
    providers,
    allConnections(env, connections),
    env,
    budgetOf(store.leaseRequests),
  );
  // The embedded Temporal has this process's worker alone.
  const versions = settings.workerVersions && settings.temporal !== undefined;
  const client = new Client({
    connection,
    namespace: temporal.namespace,
    dataConverter: clientConverter(payloadKeys),
  });
  // Temporal leaves an eager run with the worker that it came by, whatever the current version is.
  const eagerStart = !versions;
  const ownClients = { ...clients, baton: batonFor({ store }) };
  const world: World = {
    ...worldOf(wiring, { store, connections, providers, settings, env }),
    effective: () => effectiveSettings(settings, providers, here),
    running: () => server?.state(),
    changesIncident: directIncidents(wiring.loadActivities, ownClients, settings.simulated, providers),
    commit: await commit,
    runs: { client, taskQueue, eagerStart, authority },
    simulation: simulators?.simulation,
  };
  const [policies, activities, triggers] = await loading;
  lifetime.onClose(await noteStart(store, { process: 'start', commit: await commit }));
  const workerOptions: WorkerOptions = {
    connection,
    namespace: temporal.namespace,
    bundle: await bundle,
    dataConverter: workerConverter(payloadKeys),
    store,
    authority,
    activities,
    clients,
    perform: performFromSlack(world),
    responderRole: settings.responderRole,
    publicUrl: () => BATON_PUBLIC_URL,
    simulated: settings.simulated,
    scrub,
    count: metrics.activity,
    countRun: metrics.run,
    journal: policies.journal,
    commit: await commit,
    connections,
    versions,
  };
  const worker = await stoppableWorker(
    () => startWorker(workerOptions),
    (error) => lifetime.fail(error),
  );
  lifetime.onClose(worker.stop);
  world.worker = worker;
  // Whoever sees that it is ready finds the token.
  const adminToken = await firstTokenFile(store, dataDir);
  server = await startServer({
    host: settings.host,
    port,
    pagerDutySecrets: connected.pagerDutySecrets,
    jiraSecrets: connected.jiraSecrets,
    httpSource: connected.httpSource,
    connections,
    slackSigningSecret: connected.slackSigningSecret,
    slackAppToken: connected.slackAppToken,
    slackApiUrl: connected.slackApiUrl,
    publicUrl: BATON_PUBLIC_URL,
    isAddressGuessed: settings.publicUrl === undefined,
    console,
    oidc: settings.oidc,
    wayTo: async (address) => wayTo(address, env),
    openForm: formOpener(clients),
    store,
    client,
    eagerStart,
    namespace: temporal.namespace,
    triggers,
    urgent: policies.urgent,
    taskQueue,
    versions,
    workersExpected: settings.workersExpected,
    authority,
    world,
    simulated: settings.simulated,
    halves,
    log,
    pager: directPager(wiring.loadActivities, ownClients),
    pages: policies.pages,
    heartbeats: policies.heartbeats,
    tell: directJournal(wiring.loadActivities, ownClients, store),
    told: toldBy(policies.subscriptions, sendBy(providers, clients)),
    subscriptions: directSubscriptions(wiring.loadActivities, ownClients),
    pull: pullSource(providers, clients, { pullSeconds: settings.pullSeconds, env }),
    metrics,
    keeping: {
      secretKey,
      headsDir: settings.headsDir ?? dataDir,
      retentionDays: settings.retentionDays,
    },
  });
  lifetime.onClose(server.stop);
  if (settings.connectedBy.length > 0)
    lifetime.onClose(
      startDoctorWatch({
        doctor: world.doctor,
        store,
        log,
        tell: (missing) => output.note(missingLine(missing)),
      }).stop,
    );
  const control = await serveControl(dataDir, {
    ping: async () => 'here',
    perform: (name, input, key) => performHere(world, name, input, key),
    demo: (story) => playStory(simulators, story),
    simulatedAccount: async () => simulatedAccountOf(simulators),
    signInLink: () => signInLink(store, BATON_PUBLIC_URL),
  });
  lifetime.onClose(control.close);

  const link = await makeSignInLink(store, BATON_PUBLIC_URL);
  banner(output, { settings, providers, here, temporal, began, adminToken, link });
  // Else only at a clean end, which a start after a crash would miss.
  flushCompileCache();
  const [secret] = connected.pagerDutySecrets;
  if (simulators?.play && secret !== undefined)
    showSimulation({
      store,
      play: simulators.play,
      output,
      dataDir,
      webhookUrl,
      secret,
      signal: lifetime.signal,
    }).catch((error: unknown) => log.error({ err: error }, 'The example could not be played'));
}
