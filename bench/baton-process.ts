/**
 * Baton, all in one process, with the benchmark's trigger and workflow: receiver, inbox, dispatcher, worker, record; or a server or a
 * worker alone (`BENCH_PART`). Told by its environment where Temporal, the store and the providers are; it says `ready <url>` on stdout.
 */
import { flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { connectClients, environmentConnections } from '../activities/clients.ts';
import { activities } from '../activities/index.ts';
import { providers } from '../activities/providers.ts';
import { createLog } from '../log/log.ts';
import { secretsOf } from '../processes/masking.ts';
import { ownConnection } from '../processes/own-temporal.ts';
import { authorityOf } from '../secrets/authority.ts';
import { makeScrubber } from '../secrets/scrub.ts';
import { secretKeyIn } from '../secrets/secret-key.ts';
import { createMetrics } from '../server/metrics.ts';
import { type RunningServer, startServer } from '../server/server.ts';
import { openStore } from '../store/open.ts';
import { bundleWorkflows } from '../worker/bundle.ts';
import { clientConverter, workerConverter } from '../worker/data-converter.ts';
import { startWorker, taskQueue } from '../worker/worker.ts';
import { benchTrigger } from './baton-trigger.ts';
import { connectWhenThere } from './connect.ts';

const {
  TEMPORAL_ADDRESS = '',
  BATON_DATA_DIR = '',
  DATABASE_URL,
  PAGERDUTY_WEBHOOK_SECRETS = '',
  BENCH_PART = 'both',
} = process.env;
Runtime.install({ logger: new DefaultLogger('ERROR') });
const secrets = secretsOf(process.env, providers);
const scrub = makeScrubber(secrets);
const metrics = createMetrics();
const versions = process.env.BATON_WORKER_VERSIONS === '1';
let server: RunningServer | undefined;
const store = await openStore({
  databaseUrl: DATABASE_URL,
  dataDir: BATON_DATA_DIR,
  fsync: process.env.BATON_STORE_FSYNC !== 'off',
  secrets,
  onPending: () => server?.wake(),
});
const secretKey = secretKeyIn(BATON_DATA_DIR);
const authority = authorityOf(secretKey);
const encrypts = process.env.BATON_ENCRYPT_PAYLOADS === '1';
const keys = { secretKey, formerSecretKeys: [], encrypts };
const connection = await connectWhenThere(TEMPORAL_ADDRESS, ownConnection);
const startOwnWorker = async () =>
  startWorker({
    connection,
    namespace: 'default',
    bundle: await bundleWorkflows(fileURLToPath(new URL('./baton-workflows.ts', import.meta.url)), {
      cacheDir: BATON_DATA_DIR,
      encrypted: encrypts,
    }),
    dataConverter: workerConverter(keys),
    store,
    authority,
    activities,
    clients: connectClients(providers, environmentConnections(process.env), process.env),
    simulated: [],
    scrub,
    count: metrics.activity,
    versions,
  });
const startOwnServer = () =>
  startServer({
    host: '127.0.0.1',
    port: 0,
    pagerDutySecrets: [PAGERDUTY_WEBHOOK_SECRETS],
    store,
    client: new Client({ connection, dataConverter: clientConverter(keys) }),
    eagerStart: !versions && BENCH_PART === 'both',
    namespace: 'default',
    triggers: [benchTrigger],
    taskQueue,
    versions,
    authority,
    log: createLog(scrub, { level: 'warn' }),
    metrics,
    simulated: [],
    keeping: { retentionDays: 365 },
  });
const worker = BENCH_PART === 'server' ? undefined : await startOwnWorker();
server = BENCH_PART === 'worker' ? undefined : await startOwnServer();
process.stdout.write(`ready ${server?.url ?? 'worker'}\n`);
flushCompileCache();

process.once('SIGTERM', async () => {
  await server?.stop();
  await worker?.stop();
  await connection.close();
  await store.close();
  process.exit(0);
});
