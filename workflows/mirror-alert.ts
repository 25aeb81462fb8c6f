import type { Duration } from '@temporalio/common';
import { ApplicationFailure, condition } from '@temporalio/workflow';
import type { AlertChange } from '../domain/incident.ts';
import { isWorse, type Level } from '../domain/level.ts';
import { steps } from './kit/activities.ts';
import { raiseAlert, resolveAlert } from './kit/alerts.ts';
import { keyOf } from './kit/key.ts';
import { type Image, type Link, type Monitor, type Observation, observationIn } from './kit/monitor.ts';
import { inTime } from './kit/parts.ts';
import { readTargets } from './kit/read-targets.ts';
import { record } from './kit/record.ts';
import { eventsSoFar, healthy, isHistoryLong, renew } from './kit/run.ts';
import { atLeast, type Reached, threshold, timeOf } from './kit/threshold.ts';

export interface MirrorAlertInput {
  /** As its line had it when the run began. */
  monitor: Monitor;
  /** Which of the monitor's conditions, where its source tells of several. */
  condition: string;
  /** What was told of it first. Left out: it is read. */
  event?: { type: string; data: unknown };
  /** Given by the run itself alone, where it goes on with a new history. */
  soFar?: State;
}

/** What is known of one target. */
interface Target {
  reached: Reached;
  value?: number;
  summary?: string;
  links: Link[];
  images: Image[];
}

interface State {
  begunAt: number;
  targets: Record<string, Target>;
  /** An alert is open at PagerDuty; `maybe`: nobody can tell. */
  open?: 'yes' | 'maybe';
  /** It was seen there, so that it is known to be over where it is seen no more. */
  seen?: true;
  /** As bad as it was told last. */
  sent?: Level;
  /** When that began. */
  raisedAt?: number;
  normalSince?: number;
  /** When it is next looked at PagerDuty. */
  lookAt: number;
  /** When it is next read. */
  readAt: number;
  /** People have taken it at PagerDuty: how, and how bad it was then. */
  left?: { how: 'acknowledged' | 'resolved'; level: Level };
  /** It was said that it could not be read. */
  isBlind?: true;
}

type Outcome = 'resolved' | 'normal' | 'left to people';

const lookEveryMs = 60_000;
const longestWaitMs = 24 * 3600 * 1000;
/** A run that reads ends after this, so that the next one begins with the line as it is then. */
const watchedForMs = 55 * 60 * 1000;
/** The schedule of those that read: see `triggers/monitor-alert.ts`. */
const tickMs = 5 * 60 * 1000;

/**
 * Keeps one alert in PagerDuty for a condition that is observed elsewhere: raises it once, again where it gets worse or better, and resolves it by the same
 * key once all has been normal for so long; both are read back, and repeated where they were lost. Looks at PagerDuty meanwhile, as soon as a webhook tells that somebody has done something with its incident, and each minute: what
 * somebody has resolved there is left alone until it is normal, or worse than it was.
 */
export async function mirrorAlert(input: MirrorAlertInput): Promise<string> {
  const { monitor } = input;
  const state = input.soFar ?? (await begin(input));
  let outcome: Outcome | undefined;
  for (let seen = 0; ; ) {
    for (const { type, data } of eventsSoFar().slice(seen))
      if (type === 'alert.changed') hear(state, data as AlertChange, input);
      else observe(state, monitor, observationIn(type, data));
    seen = eventsSoFar().length;
    if (Date.now() >= state.readAt) await read(state, monitor);
    judge(state, monitor);
    const end = await settle(state, input);
    if (end !== undefined) {
      // Normal once more says nothing new of how it ended.
      outcome = end === 'normal' ? (outcome ?? end) : end;
      const isAll = eventsSoFar().length === seen && !Object.values(state.targets).some(isRising);
      if (isAll) return outcome === 'left to people' ? outcome : healthy(outcome);
      // What has come meanwhile, or still has to last, was told to this run and to no other one: it goes on as a new run would.
      for (const name of ['open', 'seen', 'sent', 'left'] as const) delete state[name];
      continue;
    }
    if (isHistoryLong() && eventsSoFar().length === seen) return renew({ ...input, soFar: state });
    await condition(() => eventsSoFar().length > seen, Math.max(wakeAt(state, monitor) - Date.now(), 1));
  }
}

/** An alert of an earlier run may be open: it is taken over. */
async function begin(input: MirrorAlertInput): Promise<State> {
  const { monitor, event } = input;
  const now = Date.now();
  const state: State = {
    begunAt: now,
    targets: {},
    lookAt: now,
    readAt: 'every' in monitor.from ? now : Number.MAX_SAFE_INTEGER,
  };
  if (event) observe(state, monitor, observationIn(event.type, event.data));
  const found = await findOpen(input);
  if (found === 'unavailable') state.open = 'maybe';
  else if (found) Object.assign(state, { open: 'yes', seen: true });
  return state;
}

function observe(state: State, { limits }: Monitor, observation: Observation | undefined): void {
  // A tick of the schedule, or an event that says nothing of the condition.
  if (!observation) return;
  const { target, level, value, summary, links, images } = observation;
  const before = state.targets[target]?.reached;
  const reached = level === undefined ? before : { level, since: {} };
  // Without limits a number says nothing.
  if (!reached && !(limits && value !== undefined)) return;
  state.targets[target] = {
    reached: reached ?? { level: 'normal', since: {} },
    ...(value === undefined || level !== undefined ? {} : { value }),
    ...(summary === undefined ? {} : { summary }),
    links,
    images,
  };
}

async function read(state: State, monitor: Monitor): Promise<void> {
  if (!('every' in monitor.from)) return;
  const { reads, every } = monitor.from;
  state.readAt = Date.now() + timeOf(every);
  const problems: string[] = [];
  const before = state.targets;
  state.targets = {};
  for (const reading of reads) {
    const names = Object.keys(before).filter(
      (name) => name === reading.target || name.startsWith(`${reading.target} `),
    );
    const found = await readTargets(reading);
    if ('unavailable' in found) problems.push(`${reading.target}: ${found.unavailable}`);
    // What could not be read, or gives nothing now, stays as it was.
    const isKept = 'unavailable' in found || found.values.length === 0;
    for (const name of isKept ? names : []) state.targets[name] = before[name] as Target;
    for (const { target, value } of isKept ? [] : found.values)
      state.targets[target] = {
        reached: before[target]?.reached ?? { level: 'normal', since: {} },
        value,
        links: [],
        images: [],
      };
  }
  if (problems.length === 0) delete state.isBlind;
  if (problems.length === 0 || state.isBlind) return;
  // Nobody would learn that nothing is watched: a run that fails is paged for.
  if (problems.length === reads.length && state.open !== 'yes')
    throw ApplicationFailure.nonRetryable(
      `The monitor ${monitor.name} can read nothing: ${problems.join('; ')}`,
      'ProviderUnavailable',
    );
  state.isBlind = true;
  await record(
    `The monitor ${monitor.name} cannot read all, so that stays as it was: ${problems.join('; ')}`,
  );
}

/** A value that lasts may count only now. */
function judge({ targets }: State, { limits }: Monitor): void {
  for (const target of Object.values(targets))
    if (limits && target.value !== undefined)
      target.reached = threshold(target.value, limits, target.reached, Date.now());
}

/** How bad it is in all. */
function levelNow({ targets }: State, { of = 'any' }: Monitor): Level {
  const all = Object.values(targets).map(({ reached }) => reached.level);
  const wanted = of === 'any' ? 1 : of === 'all' ? all.length : of;
  return wanted === 0 || all.length < wanted ? 'normal' : atLeast(wanted, ...all);
}

/** Brings PagerDuty to what is so now. Returns how the run ends, where it does. */
async function settle(state: State, input: MirrorAlertInput): Promise<Outcome | undefined> {
  const { monitor } = input;
  const level = levelNow(state, monitor);
  if (level !== 'normal') delete state.normalSince;
  else state.normalSince ??= Date.now();
  const isNews = level !== 'normal' && level !== state.sent;
  // What somebody has resolved is not opened again by a change that was noticed first.
  if (state.sent !== undefined && !state.left && (isNews || Date.now() >= state.lookAt))
    await look(state, input);
  if (state.left) {
    if (isCalm(state, monitor)) return 'left to people';
    if (state.left.how === 'acknowledged' || !isWorse(level, state.left.level)) return undefined;
    for (const name of ['left', 'seen', 'sent'] as const) delete state[name];
  }
  if (isNews || (level !== 'normal' && state.sent === undefined)) {
    // Before: what may have been raised is taken back.
    state.open = 'yes';
    if (state.sent === undefined) state.raisedAt = Date.now();
    await raise(state, level, input);
    state.sent = level;
    state.lookAt = Date.now() + lookEveryMs;
    return undefined;
  }
  if (state.open === 'yes' && isCalm(state, monitor)) {
    await resolveAlert(alertKey(input), undefined, monitor.connection);
    return 'resolved';
  }
  if (state.open === 'maybe' && isCalm(state, monitor)) {
    // Where nothing is open, PagerDuty drops it.
    await steps.resolvePagerDutyAlert({ connection: monitor.connection, dedupKey: alertKey(input) });
    delete state.open;
  }
  return state.open === undefined && level === 'normal' && isOver(state, monitor) ? 'normal' : undefined;
}

const isCalm = ({ normalSince }: State, { normalFor }: Monitor) =>
  normalSince !== undefined && Date.now() - normalSince >= timeOf(normalFor);

/** Nothing more is to be expected of this run: what is told next begins another one, and what is read is read on by the next. */
function isOver(state: State, { from }: Monitor): boolean {
  if (Object.values(state.targets).some(isRising)) return false;
  if (!('every' in from)) return true;
  const untilTick = tickMs - (Date.now() % tickMs);
  return Date.now() - state.begunAt >= watchedForMs && untilTick <= Math.min(timeOf(from.every), tickMs);
}

/** A limit is reached, and it has to last before it counts. */
const isRising = ({ reached: { level, since } }: Target) =>
  Object.keys(since).some((severity) => isWorse(severity as Level, level));

function wakeAt(state: State, { normalFor, limits }: Monitor): number {
  const now = Date.now();
  const holds: Duration = limits?.for ?? 0;
  const rising = Object.values(state.targets)
    .filter(isRising)
    .flatMap(({ reached }) => Object.values(reached.since).map((since) => since + timeOf(holds)));
  const isWatched = state.open !== undefined || state.left !== undefined;
  return Math.min(
    now + longestWaitMs,
    state.readAt,
    ...(state.sent !== undefined && !state.left ? [state.lookAt] : []),
    ...(isWatched && state.normalSince !== undefined ? [state.normalSince + timeOf(normalFor)] : []),
    ...rising.filter((at) => at > now),
  );
}

/** Somebody has done something with its incident, perhaps: it is looked at now. */
function hear(state: State, { key, status, createdAt }: AlertChange, input: MirrorAlertInput): void {
  if (key !== alertKey(input)) return;
  state.lookAt = Date.now();
  // It may be over before it was ever looked at. PagerDuty tells whole seconds.
  const isOfThis = Date.parse(createdAt ?? '') + 1_000 >= (state.raisedAt ?? Number.POSITIVE_INFINITY);
  if (status === 'resolved' && isOfThis) state.seen = true;
}

/** Whether people have taken it at PagerDuty. */
async function look(state: State, input: MirrorAlertInput): Promise<void> {
  state.lookAt = Date.now() + lookEveryMs;
  const found = await findOpen(input);
  if (found === 'unavailable') return;
  const level = state.sent ?? 'normal';
  if (found) state.seen = true;
  const isStopped = input.monitor.whenAcknowledged === 'stop' && found?.status === 'acknowledged';
  if (isStopped) state.left = { how: 'acknowledged', level };
  else if (!found && state.seen) {
    state.left = { how: 'resolved', level };
    delete state.open;
  }
  if (state.left)
    await record(
      `The alert ${alertKey(input)} is ${state.left.how} at PagerDuty, so it is left alone until all is normal`,
    );
}

async function findOpen(input: MirrorAlertInput) {
  const { connection } = input.monitor;
  const statuses: ('triggered' | 'acknowledged')[] = ['triggered', 'acknowledged'];
  const found = await inTime(() =>
    steps.listPagerDutyIncidents({ connection, incidentKey: alertKey(input), statuses }),
  );
  return 'unavailable' in found ? 'unavailable' : found.incidents[0];
}

const alertKey = ({ monitor, condition: about }: MirrorAlertInput) =>
  keyOf('baton', 'mirrorAlert', monitor.name, ...(about === '' ? [] : [about]));

async function raise(
  { targets }: State,
  level: Exclude<Level, 'normal'>,
  input: MirrorAlertInput,
): Promise<void> {
  const { monitor, condition: about } = input;
  const bad = Object.entries(targets).filter(([, { reached }]) => reached.level !== 'normal');
  const worst = bad.toSorted(([, one], [, other]) =>
    isWorse(one.reached.level, other.reached.level) ? -1 : 1,
  );
  const told = worst.find(([, { summary }]) => summary !== undefined)?.[1].summary;
  const named = worst
    .map(([name, { value }]) => (value === undefined ? name : `${name} ${value}`))
    .slice(0, 10);
  await raiseAlert({
    connection: monitor.connection,
    dedupKey: alertKey(input),
    summary: told ?? `${monitor.name} is ${level}: ${named.join(', ')}`,
    source: worst[0]?.[0] ?? monitor.name,
    severity: level,
    timestamp: new Date().toISOString(),
    component: monitor.name,
    ...(about === '' ? {} : { group: about }),
    class: 'Observed',
    details: {
      monitor: monitor.name,
      targets: Object.fromEntries(
        Object.entries(targets).map(([name, { value, reached }]) => [
          name,
          value === undefined ? reached.level : { value, level: reached.level },
        ]),
      ),
      ...(monitor.limits ? { limits: monitor.limits } : {}),
      baton: true,
    },
    links: eachOnce([...(monitor.links ?? []), ...bad.flatMap(([, { links }]) => links)], ({ href }) => href),
    images: eachOnce(
      [...(monitor.images ?? []), ...bad.flatMap(([, { images }]) => images)],
      ({ src }) => src,
    ),
  });
}

const eachOnce = <Item>(items: readonly Item[], key: (item: Item) => string): Item[] => [
  ...new Map(items.map((item) => [key(item), item])).values(),
];
