import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import { millisecondsAhead } from '../../domain/moment.ts';
import { defaultConnection } from '../../domain/subject.ts';
import type { StoredConnections } from '../../store/connections/stored-connections.ts';
import type { Store } from '../../store/store.ts';
import type { Inbox } from '../receiving/inbox.ts';
import {
  beginOf,
  freshOf,
  type LogPage,
  type LogQuery,
  placeAfter,
  type ReadLog,
  readFrom,
  readPart,
} from './log-cursor.ts';
import { deliveriesOf, type LogEntry, type Statuses } from './log-entry.ts';

/** How a server reads the logs of the PagerDuty accounts. */
export interface PullSource {
  everySeconds: number;
  /** Webhooks tell what happens: a log is read only where they have left a gap (`leaveGap`). */
  gapsOnly?: boolean;
  /** A connection that has none of these settings has no log to read. */
  needs: readonly string[];
  /** The environment's connection has one. */
  hasDefault: boolean;
  /** One page, newest first. Rejects with the failures of the activities. */
  read(connection: string, query: LogQuery, signal: AbortSignal): Promise<LogPage>;
}

export interface PullOptions {
  source: PullSource;
  store: Pick<Store, 'leasePull' | 'keepPull' | 'releasePulls' | 'findIncident' | 'gaps' | 'closeGap'>;
  connections?: Pick<StoredConnections, 'known'> | undefined;
  inbox: Inbox;
  log: Logger;
  /** Our clock, in milliseconds. */
  now?: () => number;
}

/** How the pulling of one connection goes. */
export interface PullState {
  /** Since its log was last read to its end, by whichever process. Null: never. */
  ageSeconds: number | null;
  /** Why it cannot be read now. */
  failure?: string;
}

export interface Pulling {
  /** By the connections' names. */
  states(): Record<string, PullState>;
  stop(): Promise<void>;
}

/** The PagerDuty accounts that can be asked, by the names of their connections. */
export async function accountsOf(
  { needs, hasDefault }: Pick<PullSource, 'needs' | 'hasDefault'>,
  connections: PullOptions['connections'],
): Promise<string[]> {
  const known = await connections?.known();
  const stored = [...(known?.connections.values() ?? [])].filter(
    ({ provider, values }) => provider === 'pagerduty' && needs.some((name) => values?.[name]),
  );
  return [...(hasDefault ? [defaultConnection] : []), ...stored.map(({ name }) => name)];
}

/** What a process knows of the log of one connection. */
interface State {
  readAt?: number;
  failure?: string;
  failures: number;
  notBefore: number;
  /** What its entries have told, up to `until`. Once another process has read on, it is of no use. */
  statuses: Statuses;
  until?: string;
}

const second = 1_000;
/** More incidents are asked for in the store. */
const statusesAtMost = 10_000;
/** Beside the interval: how long a round may take before another process takes over. */
const leaseSeconds = 60;
const storedAtOnce = 200;
const longestPauseSeconds = 300;

/**
 * Reads the logs of all PagerDuty accounts again and again, and puts what is new into the inbox, oldest first: for a Baton that no webhook
 * reaches, and for what webhooks have missed. Of several servers one at a time reads an account's log. How far it was read is kept
 * once the entries are stored, by PagerDuty's own times, so that neither a crash nor a wrong clock loses any.
 * https://developer.pagerduty.com/api-reference/: List log entries
 */
export function startPulling(options: PullOptions): Pulling {
  const { source, store, connections, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const states = new Map<string, State>();
  const working = new Map<string, Promise<void>>();
  let isWarned = false;
  let gaps: ReadonlyMap<string, number> = new Map();

  async function names(): Promise<string[]> {
    const all = await accountsOf(source, connections);
    if (!source.gapsOnly) return all;
    gaps = new Map((await store.gaps()).map(({ connection, gap }) => [connection, gap]));
    return all.filter((name) => gaps.has(name));
  }

  async function pullAll(): Promise<void> {
    const all = await names();
    if (all.length === 0 && !isWarned && !source.gapsOnly)
      log.warn(
        `Nothing is pulled from PagerDuty: no connection has ${source.needs}. Set it, or add one (baton connections add)`,
      );
    isWarned = all.length === 0;
    for (const name of states.keys()) if (!all.includes(name)) states.delete(name);
    // One account that is slow or away holds up no other.
    for (const name of all)
      if (!working.has(name))
        working.set(
          name,
          pullOne(name).finally(() => working.delete(name)),
        );
  }

  async function pullOne(connection: string): Promise<void> {
    const state: State = states.get(connection) ?? { failures: 0, notBefore: 0, statuses: new Map() };
    states.set(connection, state);
    if (performance.now() < state.notBefore) return;
    const gap = gaps.get(connection);
    try {
      const ageSeconds = await round(connection, options, signal, state);
      if (ageSeconds !== undefined) state.readAt = performance.now() - ageSeconds * second;
      if (ageSeconds === 0 && gap !== undefined) {
        await store.closeGap(connection, gap);
        log.info({ connection }, 'What webhooks have missed was read from the log of PagerDuty');
      }
      if (state.failures > 0) log.info({ connection }, 'The log of PagerDuty can be read again');
      Object.assign(state, { failures: 0, notBefore: 0 });
      delete state.failure;
    } catch (error) {
      if (signal.aborted || error instanceof Overtaken) return;
      // It is shown to whoever asks, and what the store says may name a host and user.
      const failure = error instanceof ApplicationFailure ? error.message : (error as Error).name;
      const { waitMs = Math.min(source.everySeconds * 2 ** state.failures, longestPauseSeconds) * second } =
        detailOf(error);
      state.failures += 1;
      Object.assign(state, { failure, notBefore: performance.now() + waitMs });
      const next = isFinal(error) ? 'baton doctor tells what the token may do' : 'it is asked again';
      if (state.failures === 1)
        log.warn({ connection, err: error }, `The log of PagerDuty cannot be read; ${next}`);
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await pullAll().catch((error: unknown) =>
        signal.aborted ? undefined : log.warn({ err: error }, 'PagerDuty could not be pulled'),
      );
      await pause(source.everySeconds * second, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
  const running = run();

  return {
    states: () =>
      Object.fromEntries(
        [...states].map(([name, { readAt, failure }]) => [
          name,
          {
            ageSeconds: readAt === undefined ? null : Math.round((performance.now() - readAt) / second),
            ...(failure === undefined ? {} : { failure }),
          },
        ]),
      ),
    async stop() {
      stopping.abort();
      await running;
      await Promise.all(working.values());
      await store.releasePulls().catch(() => undefined);
    },
  };
}

/** Another process reads the log by now. */
class Overtaken extends Error {}

/** What goes with the failures of providers: for how long they want to be left alone, and the status of an answer. */
function detailOf(error: unknown): { waitMs?: number; status?: number } {
  const [detail] = (error instanceof ApplicationFailure ? error.details : undefined) ?? [];
  return detail ?? {};
}

const isFinal = (error: unknown) => error instanceof ApplicationFailure && error.nonRetryable === true;

/**
 * Takes in what the log has that was not taken in before. Returns for how many seconds the log has not been read to its end, by whichever
 * process; undefined: it never was.
 */
async function round(
  connection: string,
  options: PullOptions,
  signal: AbortSignal,
  state: State,
): Promise<number | undefined> {
  const { source, store, inbox, now = Date.now } = options;
  const log = options.log.child({ connection });
  const lease = source.everySeconds + leaseSeconds;
  const taken = await store.leasePull(connection, lease);
  if (!taken.mine) return taken.ageSeconds;
  const read: ReadLog = async (query) => {
    const page = await inTurn(() => source.read(connection, query, signal), signal);
    // A part of many pages takes longer than the lease.
    if (!(await store.leasePull(connection, lease)).mine) throw new Overtaken();
    return { ...page, answeredAt: page.answeredAt ?? new Date(now()).toISOString() };
  };
  let place = await beginOf(taken.cursor, read, now());
  if (place.first)
    log.info(
      { since: place.first },
      'The log of PagerDuty is pulled from this time on: what is older is not taken in',
    );
  const { statuses } = state;
  if (taken.cursor?.since !== state.until || statuses.size > statusesAtMost) statuses.clear();
  for (let from = readFrom(place); ; ) {
    const { entries, until } = await readPart(read, from, log);
    const fresh = freshOf(entries, place);
    for (const { id: entry, future } of fresh)
      if (future !== undefined)
        log.warn(
          { entry, future },
          'An entry of PagerDuty’s log is dated in the future: it is taken in as of now',
        );
    await storeAll(fresh, { connection, statuses, inbox, store });
    place = placeAfter(place, entries);
    const isWhole = until === undefined;
    if (!(await store.keepPull(connection, place, lease, isWhole))) return undefined;
    state.until = place.since;
    if (isWhole) return 0;
    // PagerDuty does not say whether what happened at the end itself belongs to it.
    from = until - second;
  }
}

/** Waits for its turn where we ask for too much ourselves, so that what was read so far is not given up. */
async function inTurn<Value>(ask: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const { waitMs, status } = detailOf(error);
      if (waitMs === undefined || status !== undefined) throw error;
      await pause(waitMs, undefined, { signal, ref: false });
    }
  }
}

/** In order, so that the events of an incident are dispatched in order. */
async function storeAll(
  entries: readonly LogEntry[],
  {
    connection,
    statuses,
    inbox,
    store,
  }: { connection: string; statuses: Statuses; inbox: Inbox; store: Pick<Store, 'findIncident'> },
): Promise<void> {
  const statusBefore = async (subject: string, time: string) => {
    const known = await store.findIncident(subject);
    // What was told of the same second may have come after it.
    return known && millisecondsAhead(time, known.seenAt) > 0 ? known.status : undefined;
  };
  const deliveries = [];
  for (const entry of entries)
    deliveries.push(...(await deliveriesOf(entry, { connection, statuses, statusBefore })));
  for (let first = 0; first < deliveries.length; first += storedAtOnce)
    await Promise.all(deliveries.slice(first, first + storedAtOnce).map((each) => inbox.store(each)));
}
