import { type Draw, drawFrom, type Kind, kindAt, ofStorms } from './past-kinds.ts';
import {
  type Agent,
  type Alert,
  byId,
  type Incident,
  type LogEntry,
  type PagerDutyWorld,
  type Service,
} from './world.ts';

/** How much has happened in an account before its first start. */
export interface PastAsked {
  incidents: number;
  days: number;
}

/** What happened then: all of it is over. Oldest first. */
export interface Past {
  services: Service[];
  incidents: Incident[];
  alerts: Alert[];
  log: LogEntry[];
}

/** In a storm so many incidents of one service begin within half a minute. */
const stormSize = 14;
const stormEvery = 250;
const minute = 60_000;
const day = 24 * 60 * minute;

/** An account's past is the same each time that it is made for the same end. */
export function makePast(
  asked: PastAsked,
  world: PagerDutyWorld,
  { until, firstNumber }: NonNullable<PagerDutyWorld['past']>,
): Past {
  const draw = drawFrom(0xba70);
  const past: Past = { services: servicesFor(world), incidents: [], alerts: [], log: [] };
  const starts = startsOf(asked, Date.parse(until), draw);
  for (const [place, start] of starts.entries())
    addIncident(past, world, { ...start, number: firstNumber - starts.length + place, draw });
  past.log.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
  return past;
}

interface Start {
  at: number;
  kind: Kind;
}

/** When incidents begin, and of what kind: by chance, and now and then many at once. The last day is left to what takes long. */
function startsOf({ incidents, days }: PastAsked, until: number, draw: Draw): Start[] {
  const starts: Start[] = [];
  while (starts.length < incidents) {
    const at = until - day - draw.share() * (days - 1) * day;
    const isStorm = starts.length % stormEvery === stormEvery / 2;
    const kind = isStorm ? ofStorms : kindAt(draw);
    for (let more = isStorm ? stormSize : 1; more > 0 && starts.length < incidents; more -= 1)
      starts.push({ at: at + draw.number(0, 30) * 1_000, kind });
  }
  return starts.sort((one, other) => one.at - other.at);
}

/** An incident from its first page to its end. */
function addIncident(
  past: Past,
  world: PagerDutyWorld,
  { at, kind, number, draw }: Start & { number: number; draw: Draw },
): void {
  const service = past.services.find(({ name }) => name === kind.service) ?? (past.services[0] as Service);
  const [first = '', second = ''] = world.users.map(({ id }) => id);
  const id = idOf('Q', 14, draw);
  const title = kind.title(draw);
  const key = `${kind.service}/${number}`;
  const spread = () => 0.4 + 1.6 * draw.share() ** 2;
  const [untilSeen, untilOver] = kind.minutes;
  const isPassing = draw.share() * 100 < kind.passing;
  const seen = at + untilSeen * spread() * minute;
  const over = isPassing
    ? at + (2 + untilSeen * draw.share()) * minute
    : seen + untilOver * spread() * minute;
  const isLate = !isPassing && kind.urgency === 'high' && seen - at > escalationMinutes * minute;
  const monitor: Agent = { type: 'service', id: service.id };
  const person: Agent = { type: 'user', id: isLate ? second : first };
  const resolver = !isPassing && draw.share() < 0.7 ? person : monitor;
  const log = (type: string, time: number, agent = monitor, more: Partial<LogEntry> = {}) =>
    past.log.push({
      id: idOf('R', 26, draw),
      incidentId: id,
      type: `${type}_log_entry`,
      at: iso(time),
      agent,
      ...more,
    });
  log('trigger', at);
  log('assign', at, monitor, { assigneeIds: [first] });
  for (let page = 0; page < pages; page += 1) log('notify', at + page * 1_000);
  if (isLate) log('escalate', at + escalationMinutes * minute, monitor, { assigneeIds: [second] });
  if (!isPassing) log('acknowledge', seen, person);
  if (resolver === person && draw.share() < 0.3)
    log('annotate', (seen + over) / 2, person, { note: 'Looking into it.' });
  log('resolve', over, resolver);
  past.incidents.push({
    id,
    number,
    title,
    status: 'resolved',
    urgency: kind.urgency,
    priorityId: null,
    key,
    serviceId: service.id,
    policyId: service.policyId,
    assigneeIds: [],
    acknowledgements: [],
    createdAt: iso(at),
    updatedAt: iso(over),
    statusChangedAt: iso(over),
    reopenedAt: null,
    resolvedAt: iso(over),
    changedBy: resolver,
    responders: [],
    responderRequests: [],
  });
  past.alerts.push({
    id: idOf('Q', 14, draw),
    incidentId: id,
    serviceId: service.id,
    key,
    status: 'resolved',
    severity: 'critical',
    summary: title,
    details: {},
    links: [],
    createdAt: iso(at),
  });
}

const escalationMinutes = 30;
/** A phone, a push and an e-mail. */
const pages = 3;

/** The account with all that it ever had. */
export const withPast = (world: PagerDutyWorld, past: Past): PagerDutyWorld => ({
  ...world,
  services: past.services,
  incidents: [...past.incidents, ...world.incidents],
  alerts: [...past.alerts, ...world.alerts],
  log: [...past.log, ...world.log],
});

/** As PagerDuty names things: the prefix, and letters and digits. */
function idOf(prefix: string, length: number, draw: Draw): string {
  let id = prefix;
  while (id.length < length) id += draw.share().toString(36).slice(2, 10).toUpperCase();
  return id.slice(0, length);
}

const iso = (time: number) => new Date(Math.floor(time / 1_000) * 1_000).toISOString();

/** The account's own, and some that it has no longer. */
function servicesFor({ services }: PagerDutyWorld): Service[] {
  const [{ policyId } = { policyId: '' }] = services;
  const former = ['Payments', 'Orders', 'Warehouse'].map((name) => ({
    id: `P${name.slice(0, 6).toUpperCase()}`,
    name,
    policyId,
    integrationId: '',
    routingKey: '',
  }));
  return [...services, ...former.filter(({ id }) => byId(services, id) === undefined)];
}
