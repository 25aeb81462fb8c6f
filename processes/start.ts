import { flushCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { budgetOf } from '../activities/budget.ts';
import { connectClients } from '../activities/clients.ts';
import { wayTo } from '../activities/http.ts';
import type { Output } from '../cli/output.ts';
import { createLog, outageLines } from '../log/log.ts';
import { openLogFile } from '../log/log-file.ts';
import { authorityOf } from '../secrets/authority.ts';
import { learningScrubber } from '../secrets/scrub.ts';
import { addressOf } from '../server/address.ts';
import { createMetrics } from '../server/metrics.ts';
import type { World } from '../server/operations/operation.ts';
import { missingLine, startDoctorWatch } from '../server/rounds/doctor-watch.ts';
import { type RunningServer, startServer } from '../server/server.ts';
import { secureDataFolder } from '../store/embedded/folder.ts';
import { lockFolder } from '../store/embedded/lock.ts';
import { openStore, type StoreOptions } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { batonFor } from '../worker/baton.ts';
import { bundleWorkflows } from '../worker/bundle.ts';
import { clientConverter, workerConverter } from '../worker/data-converter.ts';
import { startWorker, taskQueue, type WorkerOptions } from '../worker/worker.ts';
import { banner } from './banner.ts';
import { warnOfOwner } from './cluster.ts';
import { commitOf } from './commit.ts';
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
import { Lifetime } from './lifetime.ts';
import { secretsOf } from './masking.ts';
import { formOpener } from './open-form.ts';
import { performFromSlack } from './perform.ts';
import { isFree, nextFreePort, portTaken } from './ports.ts';
import { pullSource } from './pull.ts';
import { prepareSdk } from './sdk.ts';
import { payloadKeysOf, secretKeyOf } from './secret-key.ts';
import { halvesFor, readSettings, type Settings } from './settings.ts';
import { makeSignInLink, signInLink } from './sign-in-link.ts';
import { playStory, simulatedAccountOf } from './simulators.ts';
import { stoppableWorker } from './stoppable-worker.ts';
import { type Binary, findTemporal } from './temporal-binary.ts';
import { type RunningTemporal, startTemporal } from './temporal-server.ts';
import type { Wiring } from './wiring.ts';
import { worldOf } from './world.ts';

const usualPort = 8080;

/** What is needed to show what a simulated start does, while it goes on. */
export interface Showcase {
  store: Pick<Store, 'listEvents' | 'listRuns' | 'readRecord' | 'verifyRecord'>;
  /** Raises a story's incident, the first story's where none is named, and gives its id. */
  play: (story?: string) => Promise<string>;
  output: Output;
  dataDir: string;
  webhookUrl: string;
  secret: string;
  signal: AbortSignal;
}

export type ShowSimulation = (showcase: Showcase) => Promise<void>;

/**
 * `baton start`: everything in one process. What no setting names is embedded: the store, a Temporal server, and with no
 * provider set at all the providers, as simulators. Returns when it was told to stop and has drained.
 */
export async function start(wiring: Wiring, output: Output, showSimulation: ShowSimulation): Promise<void> {
  const providers = await wiring.loadProviders();
  const settings = readSettings(wiring.env, providers);
  const { dataDir } = settings;
  const port = await choosePort(settings);
  secureDataFolder(dataDir);
  const lifetime = new Lifetime();
  const logFile = openLogFile(join(dataDir, 'baton.log'));
  const { scrub, learn } = learningScrubber(secretsOf(wiring.env, providers));
  const log = createLog(scrub, { destination: logFile });
  try {
    const sdkMetrics = await prepareSdk(log);
    const began = Date.now();
    const here = addressOf(settings.host, port);
    const webhookUrl = `${here}/webhooks/pagerduty`;

    // The store takes the folder's lock first: nobody's Temporal is touched before it is known that the folder is ours.
    let server: RunningServer | undefined;
    const commit = commitOf({ commit: settings.commit, workflowsPath: wiring.workflowsPath });
    const bundling = bundleWorkflows(wiring.workflowsPath, {
      cacheDir: dataDir,
      encrypted: settings.encryptPayloads,
      onRefused: (why) => log.warn(why),
    });
    const finding = settings.temporal === undefined ? findTemporal() : undefined;
    const console = freshConsole(log);
    // Awaited below, after the store: an early failure of theirs is not to be an unhandled one.
    for (const early of [bundling, finding]) early?.catch(() => {});
    const halves = halvesFor(settings);
    for (const words of [...settings.misspelt, ...halves]) {
      output.note(`Baton  ${words}`);
      log.warn(words);
    }
    const store = await open(settings, lifetime, {
      scrub,
      onPending: () => server?.wake(),
      outages: outageLines(() => log),
      onLost: (error) => lifetime.fail(error),
    });
    const secretKey = secretKeyOf(settings);
    const authority = authorityOf(secretKey);
    const payloadKeys = payloadKeysOf(secretKey, settings);
    if (settings.databaseUrl !== undefined) await warnOfOwner(store, log);
    const temporal = await connectTemporal(settings, finding, lifetime, log);

    const simulators =
      settings.simulated.length === 0
        ? undefined
        : await wiring.startSimulators({
            providers: settings.simulated,
            stateDir: join(dataDir, 'simulator'),
            webhookUrl,
          });
    if (simulators) lifetime.onClose(() => simulators.close());
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
    const policies = await wiring.loadPolicies();
    lifetime.onClose(await noteStart(store, { process: 'start', commit: await commit }));
    const workerOptions: WorkerOptions = {
      connection,
      namespace: temporal.namespace,
      bundle: await bundling,
      dataConverter: workerConverter(payloadKeys),
      store,
      authority,
      activities: await wiring.loadActivities(),
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
      triggers: await wiring.loadTriggers(),
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
    await lifetime.untilEnd();
    output.note('Baton  stopping: what is under way is finished or kept for the next start');
  } finally {
    await lifetime.close((error) => log.error({ err: error }, 'Not stopped cleanly'));
    logFile.close();
  }
}

/** PORT is a promise to others, so it is kept or refused; without it the next free one will do. */
async function choosePort({ host, port }: Settings): Promise<number> {
  if (port === undefined) return nextFreePort(host, usualPort);
  if (!(await isFree(host, port))) throw await portTaken(host, port);
  return port;
}

async function open(
  { databaseUrl, migrationDatabaseUrl, dataDir, storeFsync: fsync }: Settings,
  lifetime: Lifetime,
  options: Pick<StoreOptions, 'scrub' | 'onPending' | 'outages' | 'onLost'>,
): Promise<Store> {
  if (databaseUrl !== undefined) {
    const release = await lockFolder(resolve(dataDir));
    lifetime.onClose(async () => release());
  }
  const store = await openStore({
    databaseUrl,
    migrationDatabaseUrl,
    dataDir,
    fsync,
    ...options,
  });
  lifetime.onClose(() => store.close());
  return store;
}

export interface TemporalHere {
  connection: NonNullable<Settings['temporal']>['connection'];
  namespace: string;
  /** For the banner. */
  words: string;
  uiUrl?: string;
}

async function connectTemporal(
  { temporal, dataDir, temporalUi }: Settings,
  finding: Promise<Binary> | undefined,
  lifetime: Lifetime,
  log: Logger,
): Promise<TemporalHere> {
  if (temporal)
    return { ...temporal, words: `Temporal at ${temporal.connection.address ?? 'localhost:7233'}` };
  if (!finding) throw new Error('Without a Temporal server of its own, one must be looked for');
  const binary = await finding;
  const first = await startTemporal({
    path: binary.path,
    dataDir,
    ...(temporalUi ? { uiPort: 'free' } : {}),
  });
  const { address, uiUrl } = first;
  keepRunning(first, { binary, dataDir, lifetime, log });
  return {
    connection: { address },
    namespace: 'default',
    words: `Temporal ${binary.version} from ${binary.from}`,
    ...(uiUrl === undefined ? {} : { uiUrl }),
  };
}

interface Keeping {
  binary: Binary;
  dataDir: string;
  lifetime: Lifetime;
  log: Logger;
}

/** Starts the Temporal server again where it ends by itself, at the same addresses: runs go on where they were. */
function keepRunning(first: RunningTemporal, { binary, dataDir, lifetime, log }: Keeping): void {
  let current = first;
  lifetime.onClose(() => current.stop());
  const port = Number(first.address.split(':')[1]);
  const page = first.uiUrl === undefined ? {} : { uiPort: Number(new URL(first.uiUrl).port) };
  const watch = () =>
    current.ended.catch(async (error: unknown) => {
      if (lifetime.signal.aborted) return;
      log.error({ err: error }, 'Temporal is started again');
      try {
        current = await startTemporal({ path: binary.path, dataDir, port, ...page });
        void watch();
      } catch (again) {
        lifetime.fail(again);
      }
    });
  void watch();
}
