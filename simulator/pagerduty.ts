import { keepTo } from './limits.ts';
import { takeTime } from './pace.ts';
import { type Account, openAccount } from './pagerduty/account.ts';
import { mountEvents } from './pagerduty/events.ts';
import { mountIdentity } from './pagerduty/identity.ts';
import { pagerDutyLimits } from './pagerduty/limits.ts';
import { makePast, type Past, type PastAsked } from './pagerduty/past.ts';
import { mountRest } from './pagerduty/rest.ts';
import {
  type Alert,
  byId,
  firstWorld,
  type Incident,
  newId,
  type OAuthApp,
  type PagerDutyWorld,
  renewSecrets,
  simulatedRoutingKey,
  simulatedToken,
} from './pagerduty/world.ts';
import { type WebhookSender, webhookSender } from './pagerduty-webhooks.ts';
import { defineSimulator, stateFileOf } from './provider.ts';
import { newSecret } from './secret.ts';
import { type Simulation, type Simulator, startSimulator } from './simulator.ts';
import { writeState } from './state.ts';

export type { PagerDutyWorld } from './pagerduty/world.ts';

export const simulatedWebhookSecret = newSecret();

/** A running PagerDuty, with what people do there beside the simulator's own controls. */
export interface PagerDutySimulator extends Simulator<PagerDutyWorld> {
  account: Account;
  /** Keeps the world where it survives a restart. Acts of people are not on the ledger: that holds Baton's only. */
  save(): void;
}

export interface PagerDutyOptions {
  port?: number;
  stateFile?: string;
  /** How long each answer takes; at once when left out. */
  answerMilliseconds?: number;
  /** It keeps to PagerDuty's limits, whose minutes pass so much faster. Left out: it takes all. */
  limitedAt?: { timeScale: number } | undefined;
  /** What has happened before its first start. Left out: nothing. */
  past?: PastAsked;
  /** Where webhooks go. A saved world keeps its queue and gets this address. */
  webhook?: { url: string; secret: string };
}

/** REST under the simulator's address, the Events API under `/events`, the identity service under `/identity`. */
export async function startPagerDuty({
  port,
  stateFile,
  answerMilliseconds,
  limitedAt,
  past,
  webhook,
}: PagerDutyOptions = {}): Promise<PagerDutySimulator> {
  let account: Account | undefined;
  let webhooks: WebhookSender | undefined;
  let save = () => {};
  const simulation: Simulation<PagerDutyWorld> = {
    provider: 'pagerduty',
    world: firstWorld(),
    renewSecrets,
    routes(app, world, act) {
      if (limitedAt) keepTo(app, pagerDutyLimits, limitedAt.timeScale);
      if (answerMilliseconds !== undefined) takeTime(app, answerMilliseconds);
      webhooks = webhookSender(world, () => save());
      account = openAccount(world, webhooks);
      mountEvents(app, account, act);
      mountIdentity(app, world);
      mountRest(app, account, act, { past: madeAtFirstUse(world, past), webhooks });
    },
    errorBody,
  };
  const simulator = await startSimulator(simulation, {
    ...(port === undefined ? {} : { port }),
    ...(stateFile === undefined ? {} : { stateFile }),
  });
  if (!account || !webhooks) throw new Error('startSimulator has not mounted the routes');
  const { world, ledger } = simulator;
  if (stateFile) save = () => writeState(stateFile, { world, ledger });
  if (webhook) redirectWebhooks(world, webhook);
  webhooks.resume();
  const { stop } = webhooks;
  return {
    ...simulator,
    account,
    save: () => save(),
    async close() {
      stop();
      await simulator.close();
    },
  };
}

/** A saved world keeps its past: it ended some days before the first start, so that nobody takes it for what happens now. */
function madeAtFirstUse(world: PagerDutyWorld, asked: PastAsked | undefined): () => Past | undefined {
  if (!asked) return () => undefined;
  const [first] = world.incidents;
  const end = (first ? Date.parse(first.createdAt) : Date.now()) - 3 * 24 * 3_600_000;
  const until = `${new Date(end).toISOString().slice(0, 10)}T00:00:00.000Z`;
  world.past ??= { until, firstNumber: first?.number ?? world.nextNumber };
  const { past } = world;
  let made: Past | undefined;
  return () => {
    made ??= makePast(asked, world, past);
    return made;
  };
}

/** The port can differ from the last start's, and what is queued goes to the new address. */
function redirectWebhooks(world: PagerDutyWorld, { url, secret }: { url: string; secret: string }) {
  const { url: earlier, ...counts } = world.subscriptions[0] ?? { url };
  for (const pending of world.pendingWebhooks) if (pending.url === earlier) pending.url = url;
  world.subscriptions = [{ ...counts, url, secret }, ...world.subscriptions.slice(1)];
}

function errorBody(status: number): unknown {
  const code = { 400: 2001, 401: 2006, 402: 2014, 403: 2010, 404: 2100, 408: 2016, 409: 1005, 429: 2020 }[
    status
  ];
  const message = status === 429 ? 'Rate Limit Exceeded' : `Ordered error ${status}`;
  return { error: { message, code: code ?? 2000 } };
}

/** The same, where an app acts in place of a token. People have registered it before. */
export function appEnvironment(url: string, { clientId, clientSecret }: OAuthApp): Record<string, string> {
  const { PAGERDUTY_API_TOKEN: _, ...others } = pagerDutyEnvironment(url);
  return {
    ...others,
    PAGERDUTY_CLIENT_ID: clientId,
    PAGERDUTY_CLIENT_SECRET: clientSecret,
    PAGERDUTY_SUBDOMAIN: 'acme',
    PAGERDUTY_IDENTITY_URL: `${url}/identity`,
  };
}

/** The settings that connect Baton to the simulator at `url`. */
export function pagerDutyEnvironment(url: string): Record<string, string> {
  return {
    PAGERDUTY_API_TOKEN: simulatedToken,
    PAGERDUTY_FROM_EMAIL: 'baton@example.com',
    PAGERDUTY_ROUTING_KEY: simulatedRoutingKey,
    PAGERDUTY_WEBHOOK_SECRETS: simulatedWebhookSecret,
    PAGERDUTY_API_URL: url,
    PAGERDUTY_EVENTS_URL: `${url}/events`,
  };
}

export const simulatedPagerDuty = defineSimulator({
  provider: 'pagerduty',
  async start(options) {
    const simulator = await startPagerDuty({
      stateFile: stateFileOf(options, 'pagerduty'),
      answerMilliseconds: options.pace.answerMilliseconds,
      past: { incidents: 1_500, days: 365 },
      webhook: { url: options.webhookUrl, secret: simulatedWebhookSecret },
    });
    // An app that is set for the real one stands back: Baton comes by one of them.
    return { simulator, env: { ...pagerDutyEnvironment(simulator.url), PAGERDUTY_CLIENT_ID: '' } };
  },
});

export interface RaisedIncident {
  id?: string;
  title: string;
  /** Name or id. */
  service: string;
  urgency?: Incident['urgency'];
  priority?: string;
  alert?: {
    key: string;
    severity: Alert['severity'];
    summary: string;
    details: Record<string, unknown>;
    links?: Alert['links'];
  };
}

/** A monitor raises an incident with one alert; `incident.triggered` goes out. Returns the incident's id. */
export function raiseIncident(simulator: PagerDutySimulator, raised: RaisedIncident): string {
  const { account, world } = simulator;
  const service = world.services.find(({ id, name }) => id === raised.service || name === raised.service);
  if (!service) throw new Error(`The simulated PagerDuty has no service ${raised.service}`);
  const priority = world.priorities.find(({ name }) => name === raised.priority);
  if (raised.priority && !priority)
    throw new Error(`The simulated PagerDuty has no priority ${raised.priority}`);
  const alert = raised.alert ?? {
    key: `${service.name}/${world.nextNumber}`,
    severity: 'critical',
    summary: raised.title,
    details: {},
  };
  const incident = account.createIncidentWithAlert(
    {
      ...(raised.id === undefined ? {} : { id: raised.id }),
      title: raised.title,
      service,
      urgency: raised.urgency ?? 'high',
      key: alert.key,
      priorityId: priority?.id ?? null,
      by: { type: 'service', id: service.id },
    },
    { links: [], ...alert },
  );
  simulator.save();
  return incident.id;
}

/** A person sets the priority of an incident in PagerDuty, by its name. */
export function prioritizeAs(
  simulator: PagerDutySimulator,
  incidentId: string,
  priority: string,
  userId: string,
): void {
  const found = simulator.world.priorities.find(({ name }) => name === priority);
  if (!found) throw new Error(`The simulated PagerDuty has no priority ${priority}`);
  simulator.account.setPriority(find(simulator, incidentId), found.id, { type: 'user', id: userId });
  simulator.save();
}

/** A person opens a maintenance window of a service (name or id), from now on for so many minutes. Returns its end. */
export function maintain(simulator: PagerDutySimulator, service: string, minutes: number): string {
  const { world } = simulator;
  const found = world.services.find(({ id, name }) => id === service || name === service);
  if (!found) throw new Error(`The simulated PagerDuty has no service ${service}`);
  const end = new Date(Date.now() + minutes * 60_000).toISOString();
  const start = new Date(Date.now() - 1_000).toISOString();
  world.maintenance = [
    ...(world.maintenance ?? []),
    { id: newId('P', 7), serviceIds: [found.id], description: 'Database upgrade', start, end },
  ];
  simulator.save();
  return end;
}

/** A person acknowledges an incident in PagerDuty. */
export function acknowledgeAs(simulator: PagerDutySimulator, incidentId: string, userId: string): void {
  simulator.account.acknowledge(find(simulator, incidentId), { type: 'user', id: userId });
  simulator.save();
}

/** A person resolves an incident in PagerDuty. */
export function resolveAs(simulator: PagerDutySimulator, incidentId: string, userId: string): void {
  simulator.account.resolve(find(simulator, incidentId), { type: 'user', id: userId });
  simulator.save();
}

function find({ world }: PagerDutySimulator, incidentId: string): Incident {
  const incident = byId(world.incidents, incidentId);
  if (!incident) throw new Error(`The simulated PagerDuty has no incident ${incidentId}`);
  return incident;
}

/** A person merges an incident into another one, which resolves it. */
export function mergeAs(
  simulator: PagerDutySimulator,
  incidentId: string,
  targetId: string,
  userId: string,
): void {
  find(simulator, incidentId).mergedIntoId = targetId;
  resolveAs(simulator, incidentId, userId);
}
