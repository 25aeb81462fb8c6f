import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Heartbeat } from '../domain/heartbeat.ts';
import type { PagePolicy } from '../domain/page.ts';
import { defaultConnection } from '../domain/subject.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { Urgency } from '../domain/urgency.ts';
import type { Authority } from '../secrets/authority.ts';
import type { StoredConnections } from '../store/connections/stored-connections.ts';
import type { Store } from '../store/store.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { addressOf } from './address.ts';
import { createAccess } from './api/access.ts';
import { type Api, createApi } from './api/api.ts';
import type { OidcSettings } from './api/identity.ts';
import { type AppOptions, createApp, createHttpServer } from './app.ts';
import type { ConsoleFiles } from './console.ts';
import { type Dispatcher, startDispatcher } from './dispatch/dispatch.ts';
import { urgencyBy } from './dispatch/urgency.ts';
import { keepConnections } from './kept-connections.ts';
import type { Metrics } from './metrics.ts';
import type { World } from './operations/operation.ts';
import { accountsOf, type PullSource, startPulling } from './pagerduty/pull.ts';
import { pagerDutyWebhook } from './pagerduty/webhook.ts';
import { createInbox } from './receiving/inbox.ts';
import { type Send, startDeliveries } from './rounds/deliveries.ts';
import type { HeadOptions } from './rounds/heads.ts';
import { startJournal, type Tell } from './rounds/journal.ts';
import { startRetention } from './rounds/retention.ts';
import { syncSchedules } from './rounds/schedules.ts';
import { startSealer } from './rounds/sealer.ts';
import type { RunningState } from './running-state.ts';
import { takeConsent } from './set-up/consent.ts';
import type { ShowsForms } from './slack/asked.ts';
import type { TakeBy } from './slack/door.ts';
import type { WayTo } from './slack/respond.ts';
import { takeFromSlack } from './slack/said.ts';
import { startSlackSocket } from './slack/socket.ts';
import { startNamedSockets } from './slack/sockets.ts';
import { startReconciler } from './temporal/reconcile.ts';
import { startStuckRuns } from './temporal/stuck-runs.ts';
import { isTemporalSilent, watchTemporal } from './temporal/temporal-state.ts';
import { startVersions } from './temporal/versions.ts';
import { conditionsOf } from './watchdog/conditions.ts';
import { type Limits, usualLimits } from './watchdog/limits.ts';
import type { Pager } from './watchdog/pager.ts';
import type { Subscriptions } from './watchdog/subscriptions.ts';
import { startWatchdog } from './watchdog/watchdog.ts';

export interface ServerOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  /** Where people reach Baton; undefined: at the host and port. */
  publicUrl?: string | undefined;
  /** What people see in a browser. Left out: pages that name the command. */
  console?: ConsoleFiles | undefined;
  /** Who vouches for people; undefined: no identity provider. */
  oidc?: OidcSettings | undefined;
  pagerDutySecrets: readonly string[];
  /** Left out: the webhook is closed. */
  jiraSecrets?: readonly string[] | undefined;
  httpSource?: AppOptions['httpSource'];
  /** Left out: there is only `default`. */
  connections?: StoredConnections | undefined;
  slackSigningSecret?: string | undefined;
  /** What Slack says is taken by Socket Mode too. */
  slackAppToken?: string | undefined;
  slackApiUrl?: string | undefined;
  /** How answers to people go to Slack, and questions to who vouches for them. */
  wayTo?: WayTo | undefined;
  /** Shows forms to people in Slack by a connection; undefined, or left out: they are told of the commands. */
  openForm?: ((connection: string) => ShowsForms) | undefined;
  store: Store;
  client: Client;
  /** The client's connection is that of a worker in this process. */
  eagerStart: boolean;
  namespace: string;
  triggers: readonly Trigger[];
  taskQueue: string;
  /** Which incidents go before others; undefined: none. */
  urgent?: Urgency | undefined;
  /** Signs the cause of each run. */
  authority: Authority;
  log: Logger;
  metrics: Metrics;
  /** What operations work on. Without it there is no API. */
  world?: World | undefined;
  simulated: readonly string[];
  /** What keeps providers from being connected in full. */
  halves?: readonly string[];
  /** The workers have versions. */
  versions?: boolean;
  /** So many workers should live; fewer are told. Left out: one. */
  workersExpected?: number;
  /** Pages people for what the watchdog finds. */
  pager?: Pager | undefined;
  /** How it pages. Left out: as is usual. */
  pages?: readonly PagePolicy[];
  /** The sources that are expected to be heard of. Left out: none is. */
  heartbeats?: readonly Heartbeat[] | undefined;
  /** Tells PagerDuty of changes that were made. Left out: what is left to be told waits for another server. */
  tell?: Tell | undefined;
  /** Who is told of what Baton does, and by which way. Left out: nobody, and nothing is done for it. */
  told?: { subscriptions: readonly Subscription[]; send: Send } | undefined;
  /** Of the watchdog. They differ from the usual ones only in tests. */
  limits?: Limits;
  /** How PagerDuty's logs are read; undefined: what happens there comes by webhooks alone, and what they miss is lost. */
  pull?: PullSource | undefined;
  /** How its webhook subscriptions are looked after; undefined, or without `publicUrl` and `pull`: by nobody. */
  subscriptions?: Subscriptions | undefined;
  /** `publicUrl` is a guess: webhooks may come by another address, so nobody is paged because no subscription leads there. */
  isAddressGuessed?: boolean;
  /** How the record's heads are told and its checkpoints signed, and how long things are kept. */
  keeping: HeadOptions & { retentionDays: number };
}

export interface RunningServer {
  /** Where it listens. */
  url: string;
  /** Looks for pending events soon. */
  wake(): void;
  state(): RunningState;
  /** Takes nothing new, finishes what is under way, hands the rest back. */
  stop(): Promise<void>;
}

/** Starts all that a server does: it listens, dispatches, links the record, keeps runs and schedules in step with Temporal. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { store, client, triggers, taskQueue, log, metrics } = options;
  const { namespace } = options;
  const temporal = watchTemporal({ client, namespace, log, count: metrics.temporalFailure });
  const watched = watchedSubscriptions(options);
  // What is read of the log is held to what webhooks told: both or neither.
  const pull = options.pull && (!options.pull.gapsOnly || watched) ? options.pull : undefined;
  const urgencyOf = urgencyBy(options.urgent);
  const dispatcher: Dispatcher = startDispatcher({
    store,
    client,
    triggers,
    connections: options.connections,
    pulls: pull !== undefined,
    subscriptions: options.told?.subscriptions,
    taskQueue,
    urgencyOf,
    authority: options.authority,
    eagerStart: options.eagerStart,
    temporal,
    log,
    count: metrics.event,
    countAsked: metrics.asked,
  });
  const connections = options.connections && keepConnections(options.connections, log);
  const journal = options.tell && startJournal({ store, tell: options.tell, log });
  const deliveries =
    options.told && startDeliveries({ ...options.told, store, source: options.publicUrl ?? '/baton', log });
  const stuck = startStuckRuns({ store, client, namespace: options.namespace, log });
  const { limits = usualLimits } = options;
  const watchdog = startWatchdog({
    store,
    conditions: conditionsOf({
      store,
      client,
      namespace,
      taskQueue,
      workersExpected: options.workersExpected ?? 1,
      triggers,
      temporal,
      limits,
      pages: options.pages ?? [],
      heartbeats: options.heartbeats ?? [],
      told: options.told?.subscriptions ?? [],
      log,
      subscriptions: watched,
    }),
    pager: options.pager,
    log,
    limits,
  });
  const pulling =
    pull &&
    startPulling({
      source: pull,
      store,
      connections: options.connections,
      inbox: createInbox(store, dispatcher.enqueue, dispatcher.mayEnqueue, urgencyOf),
      log,
    });
  const { authority, eagerStart, oidc, wayTo, world } = options;
  const { publicUrl = addressOf(options.host, options.port) } = options;
  const access = createAccess({ store, publicUrl, oidc, wayTo, log });
  const inbox = createInbox(store, dispatcher.enqueue, dispatcher.mayEnqueue, urgencyOf);
  const toSlack = { wayToSlack: wayTo, log };
  const startable = async () => (await world?.workflows())?.startable ?? [];
  const takeBy: TakeBy = (account) =>
    takeFromSlack({
      ...toSlack,
      ...account,
      inbox,
      forms: options.openForm && {
        ...options.openForm(account.connection),
        startable,
        question: (id) => store.findQuestion(id),
        activity: async (name) => (await world?.activities())?.find((each) => each.name === name),
      },
      isTemporalUp: () => temporal.up,
    });
  const { slackAppToken: appToken, slackApiUrl: apiUrl } = options;
  let api: Api | undefined;
  const app = createApp({
    pagerDutySecrets: options.pagerDutySecrets,
    jiraSecrets: options.jiraSecrets,
    httpSource: options.httpSource,
    heardOf: async (source) => {
      if (options.heartbeats?.some((each) => each.source === source)) await store.heardOf(source);
    },
    connections: options.connections,
    slackSigningSecret: options.slackSigningSecret,
    slackApiUrl: apiUrl,
    takeFromSlack: takeBy,
    callbacks: store,
    signIn: access.signIn,
    browser: access.browser,
    consent: world && takeConsent(world, log),
    console: options.console,
    store,
    inbox,
    temporalState: () => temporal,
    slackSocketState: () => slackSocket?.state(),
    namedSlackSockets: () => namedSockets?.states() ?? {},
    log,
    metrics,
    stuckRuns: stuck.counts,
    troubles: watchdog.counts,
    simulated: options.simulated,
    halves: options.halves ?? [],
    pulls: pull?.gapsOnly ? undefined : pulling?.states,
    makeApi:
      world &&
      ((readBody) => {
        api = createApi({ world, authenticate: access.authenticate }, { readBody, log });
        return api;
      }),
  });
  const http = createHttpServer(app);
  await listen(http, options.port, options.host);
  const take = takeBy({ connection: defaultConnection, apiUrl });
  const slackSocket = appToken ? startSlackSocket({ ...toSlack, apiUrl, appToken, take }) : undefined;
  const namedSockets =
    options.connections && startNamedSockets({ ...toSlack, connections: options.connections, takeBy });
  const sealer = startSealer(store, log, options.keeping);
  const retention = startRetention({
    store,
    days: options.keeping.retentionDays,
    secretKey: options.keeping.secretKey,
    log,
  });
  const reconciler = startReconciler({
    store,
    triggers,
    client,
    namespace,
    taskQueue,
    eagerStart,
    authority,
    temporal,
    log,
  });
  const versions = startVersions({ client, namespace, taskQueue, log, isOn: options.versions ?? false });
  let stopping = false;
  void bringSchedules();

  /** Temporal may be away at the start; the schedules are put in place when it is there. */
  async function bringSchedules(): Promise<void> {
    while (!stopping) {
      try {
        await syncSchedules({ client, triggers, taskQueue, log });
        return temporal.seen();
      } catch (error) {
        if (stopping) return;
        if (!isTemporalSilent(error))
          return log.error({ err: error }, 'Schedules could not be brought up to date: they are as before');
        await temporal.untilBack(error);
      }
    }
  }

  return {
    url: `http://${options.host}:${(http.address() as AddressInfo).port}`,
    wake: dispatcher.wake,
    state: () => ({
      temporal: { up: temporal.up, since: temporal.since, reason: temporal.reason },
      troubles: watchdog.counts(),
      stuckRuns: stuck.counts(),
      halves: options.halves ?? [],
      workersExpected: options.workersExpected ?? 1,
    }),
    async stop() {
      stopping = true;
      // Streams have no end of their own.
      api?.stop();
      await Promise.all([
        close(http),
        pulling?.stop(),
        watchdog.stop(),
        journal?.stop(),
        deliveries?.stop(),
        slackSocket?.stop(),
        namedSockets?.stop(),
      ]);
      await dispatcher.stop();
      await connections?.stop();
      await Promise.all([reconciler.stop(), sealer.stop(), stuck.stop(), retention.stop(), versions.stop()]);
    },
  };
}

/** What the watchdog needs to look after PagerDuty's subscriptions. */
function watchedSubscriptions({
  subscriptions,
  publicUrl,
  pull,
  connections,
  pagerDutySecrets,
  isAddressGuessed = false,
}: ServerOptions) {
  if (!subscriptions || publicUrl === undefined || !pull) return undefined;
  return {
    subscriptions,
    publicUrl,
    isPulled: !pull.gapsOnly,
    accounts: () => accountsOf(pull, connections),
    takesWebhooks: async (name: string) => {
      if (isAddressGuessed) return false;
      if (name === defaultConnection) return pagerDutySecrets.length > 0;
      return Boolean((await connections?.settingsOf('pagerduty', name))?.values[pagerDutyWebhook.setting]);
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    // A sender that keeps a request open must not keep us from stopping.
    setTimeout(() => server.closeAllConnections(), 5_000).unref();
  });
}
