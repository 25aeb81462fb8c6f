import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { NativeConnection, WorkflowBundle } from '@temporalio/worker';
import type { AnyActivity } from '../activities/activity.ts';
import { type Budget, budgetOf } from '../activities/budget.ts';
import { activities as shippedActivities } from '../activities/index.ts';
import { providers as shippedProviders } from '../activities/providers.ts';
import type { RecordRow } from '../domain/record.ts';
import type { RunRow } from '../domain/run.ts';
import { createLog } from '../log/log.ts';
import { allConnections } from '../processes/connections.ts';
import { formOpener } from '../processes/open-form.ts';
import { performFromSlack } from '../processes/perform.ts';
import { pullSource } from '../processes/pull.ts';
import { encryptionOf } from '../secrets/encryption.ts';
import type { PayloadKeys } from '../secrets/payload-codec.ts';
import { learningScrubber } from '../secrets/scrub.ts';
import { createMetrics, type Metrics } from '../server/metrics.ts';
import type { World as OperationsWorld } from '../server/operations/operation.ts';
import { type RunningServer, startServer } from '../server/server.ts';
import type { Limits } from '../server/watchdog/limits.ts';
import { type Ec2World, ec2Environment, ec2Simulation } from '../simulator/ec2.ts';
import { type GitHubWorld, githubEnvironment, githubSimulation } from '../simulator/github.ts';
import { type HttpWorld, httpEnvironment, httpSimulation } from '../simulator/http.ts';
import { type JiraWorld, jiraEnvironment, jiraSimulation } from '../simulator/jira.ts';
import {
  type KubernetesWorld,
  kubernetesEnvironment,
  kubernetesSimulation,
} from '../simulator/kubernetes.ts';
import {
  type PagerDutySimulator,
  pagerDutyEnvironment,
  simulatedWebhookSecret,
  startPagerDuty,
} from '../simulator/pagerduty.ts';
import { prometheusEnvironment, prometheusSimulation } from '../simulator/prometheus.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { responseUrlAt } from '../simulator/slack/requests.ts';
import {
  type SlackSimulator,
  type SlackWorld,
  slackClick,
  slackEnvironment,
  startSlack,
} from '../simulator/slack.ts';
import { type StoredConnections, storedConnections } from '../store/connections/stored-connections.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { startable } from '../triggers/by-hand/index.ts';
import { triggers as shipped } from '../triggers/index.ts';
import { policies } from '../triggers/policies/index.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { clientConverter, workerConverter } from '../worker/data-converter.ts';
import { type RunningWorker, startWorker, taskQueue } from '../worker/worker.ts';
import { testAuthority, testKeys } from './authority.ts';
import { clientsFor } from './clients.ts';
import { handsOn } from './hands.ts';
import { seedStore } from './seed.ts';
import { startTestTemporal, workflowBundle } from './temporal.ts';
import { tellBy, toldIn, watchedBy } from './watched-server.ts';

/** What a schedule makes would come in the midst of some test. */
const shippedWithoutClock = shipped.filter(({ schedule }) => !schedule);

/** How many seconds pass in the simulated EC2, Jira and Kubernetes in one of ours. */
const timeScale = 100;

/** The simulated providers that something is changed at. */
export interface Providers {
  pagerDuty: PagerDutySimulator;
  slack: SlackSimulator;
  jira: Simulator<JiraWorld>;
  kubernetes: Simulator<KubernetesWorld>;
  ec2: Simulator<Ec2World>;
  github: Simulator<GitHubWorld>;
  /** What HTTP requests go to. */
  service: Simulator<HttpWorld>;
  /** The settings that connect Baton to them. */
  env: Record<string, string>;
  close(): Promise<void>;
}

export async function startProviders(folder: string, limitedAt?: { timeScale: number }): Promise<Providers> {
  const pagerDuty = await startPagerDuty({ limitedAt });
  const slack = await startSlack(limitedAt);
  const jira = await startSimulator(jiraSimulation());
  const kubernetes = await startSimulator(kubernetesSimulation({ timeScale }));
  const ec2 = await startSimulator(ec2Simulation({ timeScale }));
  const github = await startSimulator(githubSimulation());
  const service = await startSimulator(httpSimulation());
  const prometheus = await startSimulator(prometheusSimulation());
  const env: Record<string, string> = {
    ...kubernetesEnvironment(kubernetes.url, join(folder, 'kubeconfig.yaml')),
    ...jiraEnvironment(jira.url),
    ...slackEnvironment(slack.url),
    ...pagerDutyEnvironment(pagerDuty.url),
    ...ec2Environment(ec2.url, timeScale),
    ...githubEnvironment(github.url),
    ...httpEnvironment(service.url),
    ...prometheusEnvironment(prometheus.url),
    ...(limitedAt ? { BATON_SIMULATED_TIME_SCALE: String(limitedAt.timeScale) } : {}),
  };
  const all = [pagerDuty, slack, jira, kubernetes, ec2, github, service, prometheus];
  return {
    pagerDuty,
    slack,
    jira,
    kubernetes,
    ec2,
    github,
    service,
    env,
    async close() {
      await Promise.all(all.map((simulator) => simulator.close()));
    },
  };
}

/** All of Baton in this process, on a real Temporal server and a real store, with simulated providers over HTTP. */
export interface World extends Providers {
  temporal: TestWorkflowEnvironment;
  store: Store;
  /** The named connections beside those of `env`. */
  connections: StoredConnections;
  /** What operations work on. */
  operations: OperationsWorld;
  server: RunningServer;
  worker: RunningWorker;
  /** Where the embedded store and the kubeconfig are. */
  folder: string;
  metrics: Metrics;
  /** What was logged, line by line. */
  log: string[];
  /** The runs of an incident, oldest first. */
  runs(subject: string): Promise<RunRow[]>;
  run(id: string): Promise<RunRow | undefined>;
  record(subject: string): Promise<RecordRow[]>;
  /** Somebody presses a button of an incident's status card. Returns the HTTP status. */
  click(click: { actionId: string; incidentId: string; userId: string; actionTs?: string }): Promise<number>;
}

interface Options {
  triggers?: readonly Trigger[];
  temporal?: TestWorkflowEnvironment;
  databaseUrl?: string | undefined;
  /** More settings, or other ones; `undefined` takes one away. */
  env?: Record<string, string | undefined>;
  /** Jira tells what happens to issues, signed with it. */
  jiraSecret?: string;
  /** Other workflows than the shipped ones. */
  bundle?: WorkflowBundle;
  /** Other activities than the shipped ones. */
  activities?: readonly AnyActivity[];
  versions?: boolean;
  /** Of the worker's sources. */
  commit?: string;
  /** What reads and writes payloads. Where they encrypt, the bundle has to be made for it. */
  keys?: PayloadKeys;
  /** PagerDuty reaches Baton by no webhook: its log is pulled. */
  pulls?: boolean;
  /** The server pages by itself, and looks after PagerDuty's webhook subscription, within these limits. */
  watchedBy?: Limits;
  /** PagerDuty and Slack keep to their limits, and workers to their budgets; the minutes of both pass so much faster. */
  limitedAt?: { timeScale: number };
  /** Where not as shipped. */
  policies?: Partial<typeof policies>;
}

export async function startWorld(options: Options = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-world-'));
  const temporal = options.temporal ?? (await startTestTemporal());
  const { limitedAt } = options;
  const rules = { ...policies, ...options.policies };
  const providers = await startProviders(folder, limitedAt);
  const env = { ...providers.env, ...options.env };
  const secrets = Object.entries(env).flatMap(([name, value]) =>
    value && /TOKEN|SECRET|KEY$/.test(name) && name !== 'JIRA_PROJECT_KEY' ? [value] : [],
  );
  const { scrub, learn } = learningScrubber(secrets);
  const lines: string[] = [];
  const log = createLog(scrub, { level: 'trace', destination: { write: (line) => lines.push(line) } });
  const metrics = createMetrics();
  let server: RunningServer | undefined;
  if (options.databaseUrl === undefined) seedStore(folder);
  const store = await openStore({
    databaseUrl: options.databaseUrl,
    dataDir: folder,
    scrub,
    onPending: () => server?.wake(),
  });
  const connections = storedConnections({ store, encryption: encryptionOf('a key of the tests'), learn });
  const keys = options.keys ?? testKeys;
  const client = new Client({
    connection: temporal.nativeConnection,
    dataConverter: clientConverter(keys),
  });
  const operations: OperationsWorld = {
    store,
    connections,
    providers: shippedProviders,
    triggers: async () => options.triggers ?? shipped,
    activities: async () => options.activities ?? shippedActivities,
    workflows: async () => ({ names: startable.map(({ workflow }) => workflow), startable }),
    doctor: async () => ({ connections: async () => [], activities: [], scrub }),
    policies: async () => rules,
    linkedPeople: () => new Map(),
    retentionDays: 365,
    ...handsOn(env, connections, store),
    runs: { client, taskQueue, eagerStart: false, authority: testAuthority },
    settings: () => ({}),
    ownValues: () => ({}),
    clientFor: () => Promise.reject(new Error('Nobody sets anything up here')),
  };
  const clients = clientsFor(env, allConnections(env, connections));
  const worker = await startWorker({
    connection: temporal.nativeConnection,
    namespace: 'default',
    bundle: options.bundle ?? workflowBundle(),
    dataConverter: workerConverter(keys),
    store,
    authority: testAuthority,
    activities: options.activities ?? shippedActivities,
    clients: clientsFor(env, allConnections(env, connections), limitedAt && budgetOf(store.leaseRequests)),
    perform: performFromSlack(operations),
    publicUrl: () => server?.url,
    simulated: [],
    scrub,
    count: metrics.activity,
    countRun: metrics.run,
    versions: options.versions ?? false,
    commit: options.commit,
    journal: rules.journal,
    connections,
  });
  server = await startServer({
    host: '127.0.0.1',
    port: 0,
    ...(options.watchedBy ? await watchedBy(options.watchedBy, clients, store) : {}),
    pagerDutySecrets: [simulatedWebhookSecret],
    jiraSecrets: options.jiraSecret === undefined ? [] : [options.jiraSecret],
    connections,
    slackSigningSecret: env.SLACK_SIGNING_SECRET,
    slackAppToken: env.SLACK_APP_TOKEN,
    slackApiUrl: env.SLACK_API_URL,
    openForm: formOpener(clients),
    ...{ tell: tellBy(clients, store), told: toldIn(rules, clients) },
    world: operations,
    store,
    client,
    eagerStart: !options.versions,
    namespace: 'default',
    triggers: options.triggers ?? shippedWithoutClock,
    urgent: rules.urgent,
    taskQueue,
    versions: options.versions ?? false,
    authority: testAuthority,
    log,
    metrics,
    pull:
      options.pulls || options.watchedBy
        ? pullSource(shippedProviders, clients, { pullSeconds: options.pulls ? 0.1 : undefined, env })
        : undefined,
    simulated: [],
    keeping: { retentionDays: 365 },
  });
  const { url, stop } = server;
  if (!options.pulls)
    providers.pagerDuty.world.subscriptions.push({
      url: `${url}/webhooks/pagerduty`,
      secret: simulatedWebhookSecret,
    });
  if (options.jiraSecret !== undefined)
    providers.jira.world.webhook = { url: `${url}/webhooks/jira`, secret: options.jiraSecret };
  return {
    ...providers,
    folder,
    metrics,
    temporal,
    store,
    connections,
    operations,
    server,
    worker,
    log: lines,
    runs: async (subject) => (await store.listRuns({ subject, limit: 100 })).toReversed(),
    run: (id) => store.findRun(id),
    record: (subject) => store.readRecord({ subject, limit: 1_000 }),
    async click({ actionId, incidentId, userId, actionTs }) {
      const card = cardOf(providers.slack, incidentId);
      const { headers, body } = slackClick({
        signingSecret: env.SLACK_SIGNING_SECRET ?? '',
        actionId,
        incidentId,
        userId,
        channelId: card?.channelId ?? 'C0NONE',
        messageTs: card?.ts ?? '1',
        responseUrl: responseUrlAt(providers.slack.url, { channelId: card?.channelId ?? 'C0NONE', userId }),
        ...(actionTs === undefined ? {} : { actionTs }),
      });
      const answer = await fetch(`${url}/slack/interactivity`, { method: 'POST', headers, body });
      await answer.body?.cancel();
      return answer.status;
    },
    async close() {
      await stop();
      await worker.stop();
      await store.close();
      await providers.close();
      if (!options.temporal) await temporal.teardown();
      await rm(folder, { recursive: true });
    },
  };
}

/** The message that shows an incident's state in its room. */
export function cardOf({ world }: Simulator<SlackWorld>, incidentId: string) {
  return world.messages.find(
    ({ metadata }) =>
      metadata?.event_type === 'baton_status_card' &&
      JSON.stringify(metadata.event_payload).includes(incidentId),
  );
}

/** Polls until there is something, or fails with what was waited for. Short pauses, and a deadline for all. */
export async function eventually<Value>(
  what: string,
  look: () => Value | Promise<Value>,
  milliseconds = 20_000,
): Promise<NonNullable<Value>> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const value = await look();
    if (value) return value as NonNullable<Value>;
    if (Date.now() > end) throw new Error(`Waited ${milliseconds} ms for: ${what}`);
    await pause(20);
  }
}

/** One more server on a world's Temporal and providers: on its store too, or on another one of the same database. */
export async function startServerBeside(
  { store, temporal, connections, operations, env }: World,
  changes: Partial<Parameters<typeof startServer>[0]> = {},
): Promise<RunningServer> {
  return startServer({
    host: '127.0.0.1',
    port: 0,
    pagerDutySecrets: [],
    connections,
    slackSigningSecret: env.SLACK_SIGNING_SECRET,
    slackApiUrl: env.SLACK_API_URL,
    openForm: formOpener(clientsFor(env)),
    world: operations,
    store,
    client: new Client({
      connection: temporal.nativeConnection,
      dataConverter: clientConverter(testKeys),
    }),
    eagerStart: false,
    namespace: 'default',
    triggers: shippedWithoutClock,
    taskQueue,
    authority: testAuthority,
    log: createLog((text) => text, { level: 'silent' }),
    metrics: createMetrics(),
    simulated: [],
    keeping: { retentionDays: 365 },
    ...changes,
  });
}

/** One more worker on a world's Temporal and store, with other workflows or keys than the world's own. */
export const startWorkerBeside = (
  { temporal, store, env }: Pick<World, 'temporal' | 'store' | 'env'>,
  bundle: { code: string },
  {
    versions = false,
    keys = testKeys,
    budget,
    connection = temporal.nativeConnection,
  }: { versions?: boolean; keys?: PayloadKeys; budget?: Budget; connection?: NativeConnection } = {},
): Promise<RunningWorker> =>
  startWorker({
    connection,
    namespace: 'default',
    bundle,
    dataConverter: workerConverter(keys),
    store,
    activities: shippedActivities,
    clients: clientsFor(env, undefined, budget),
    simulated: [],
    scrub: (text) => text,
    authority: testAuthority,
    versions,
  });
