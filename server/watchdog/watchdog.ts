import { ApplicationFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import { boundedSignal } from '../../domain/bounded-signal.ts';
import type { EventType } from '../../domain/event.ts';
import { defaultConnection } from '../../domain/subject.ts';
import { conditionEvent, type Trouble, type Watched } from '../../domain/watched.ts';
import type { Store } from '../../store/store.ts';
import { isTemporalAway } from '../temporal/temporal-state.ts';
import { within } from '../within.ts';
import { type Condition, type ConditionName, conditionNames } from './condition.ts';
import { type Limits, usualLimits } from './limits.ts';
import { type Pager, page, takeBack } from './pager.ts';

export interface WatchdogOptions {
  store: Pick<Store, 'takeDuty' | 'releaseDuties' | 'listWatched' | 'keepWatched' | 'dropWatched' | 'tell'>;
  conditions: readonly Condition[];
  /** Undefined: there is nobody to tell, and what is wrong is recorded alone. */
  pager?: Pager | undefined;
  log: Logger;
  limits?: Limits;
  /** Our clock, in milliseconds. */
  now?: () => number;
}

/** Of each condition, how much is wrong now of which people are told. */
export type TroubleCounts = Readonly<Record<ConditionName, number>>;

export interface Watchdog {
  counts(): TroubleCounts;
  stop(): Promise<void>;
}

const duty = 'watchdog';
/** Beside the time of a round: how long one may take before another server takes over. */
const dutySeconds = 15;
/** No look takes longer. */
const lookMilliseconds = 20_000;
const via = 'watchdog';

/**
 * Looks at all conditions again and again. What is wrong for longer than it may be is told to people and to the triggers; once all is well
 * again, both are told so. It needs neither a worker nor Temporal, but for what it asks Temporal itself. Of several servers one at a time
 * watches. What it knows is in the store, so that another one goes on from there; each step may be taken twice.
 */
export function startWatchdog(options: WatchdogOptions): Watchdog {
  const { store, conditions, pager, log, limits = usualLimits, now = Date.now } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let counts = countsOf([]);
  const looking = new Map<string, Promise<void>>();
  const telling = new Map<string, Promise<void>>();
  const lookedAt = new Map<string, number>();
  const warned = new Set<string>();

  async function round(): Promise<void> {
    if (signal.aborted) return;
    const mine = await store.takeDuty(duty, limits.round + dutySeconds);
    const kept = await store.listWatched();
    counts = countsOf(kept);
    warned.delete(duty);
    if (!mine) return;
    const names = conditions.map(({ name }): string => name);
    // Nothing finds what an earlier version has watched, so its pages are taken back.
    const former = kept.filter(({ condition }) => !names.includes(condition));
    for (const each of former) settle(each, undefined, { name: each.condition });
    for (const condition of conditions) begin(condition);
  }

  /** One that is slow holds up no other. */
  function begin(condition: Condition): void {
    const { name, every = 0 } = condition;
    const last = lookedAt.get(name) ?? Number.NEGATIVE_INFINITY;
    if (looking.has(name) || now() - last < every * 1_000) return;
    lookedAt.set(name, now());
    looking.set(
      name,
      look(condition)
        .catch((error: unknown) => warnOnce(name, error, `What is watched as ${name} could not be looked at`))
        .finally(() => looking.delete(name)),
    );
  }

  async function look(condition: Condition): Promise<void> {
    const { name } = condition;
    const bound = boundedSignal(signal, lookMilliseconds);
    const found = await within(bound, condition.find(bound)).catch((error: unknown) => {
      if (!isTemporalAway(error)) throw error;
      return undefined;
    });
    warned.delete(name);
    if (!found || signal.aborted) return;
    // What is under way is asked about before: what it has written is not seen yet.
    const busy = new Set(telling.keys());
    const kept = (await store.listWatched()).filter((each) => each.condition === name);
    const known = new Map(kept.map((each) => [each.trouble.key, each]));
    for (const trouble of found)
      if (!busy.has(trouble.key)) await notice(condition, trouble, known.get(trouble.key));
    const keys = new Set(found.map(({ key }) => key));
    for (const each of kept)
      if (!keys.has(each.trouble.key) && !busy.has(each.trouble.key)) await calm(condition, each);
  }

  /** It is so. */
  async function notice(condition: Condition, trouble: Trouble, before: Watched | undefined): Promise<void> {
    const known = before ?? { condition: condition.name, trouble, since: at(), stage: 'noticed' as const };
    const { overSince, ...still } = known;
    const { raisedBy } = still.trouble;
    const current = raisedBy ? { ...trouble, raisedBy } : trouble;
    const isOtherwise = trouble.severity !== still.trouble.severity;
    const watched: Watched = isOtherwise
      ? { ...still, trouble: current, stage: still.stage === 'noticed' ? 'noticed' : 'paging' }
      : still;
    if (!before || overSince !== undefined || isOtherwise) await store.keepWatched(watched);
    if (watched.stage !== 'paged' && now() - Date.parse(watched.since) >= condition.heldFor * 1_000)
      settle({ ...watched, trouble: current }, current, condition);
  }

  /** It is so no more. */
  async function calm(condition: Condition, watched: Watched): Promise<void> {
    const { trouble, stage, overSince } = watched;
    if (stage === 'noticed') return store.dropWatched(trouble.key);
    if (overSince === undefined) return store.keepWatched({ ...watched, overSince: at() });
    if (now() - Date.parse(overSince) >= limits.calm * 1_000) settle(watched, undefined, condition);
  }

  /** Tells that it is so, or (without a trouble) that it is over. What fails is tried in the next round. */
  function settle(
    watched: Watched,
    trouble: Trouble | undefined,
    condition: { name: string; events?: Condition['events'] },
  ): void {
    const { key } = watched.trouble;
    if (telling.has(key)) return;
    const told = trouble
      ? tellOf(watched, condition.events?.begins)
      : tellOver(watched, condition.events?.ends);
    telling.set(
      key,
      told
        .then(() => void warned.delete(key))
        .catch((error: unknown) =>
          warnOnce(key, error, 'People could not be told of what is wrong; it is tried again'),
        )
        .finally(() => telling.delete(key)),
    );
  }

  async function tellOf(watched: Watched, begins: EventType | undefined): Promise<void> {
    const { trouble, since, stage } = watched;
    const { key, summary } = trouble;
    const line = lineOf(watched);
    if (stage === 'noticed') {
      if (begins) await store.tell(conditionEvent(begins, watched, since));
      await store.keepWatched(
        { ...watched, stage: 'paging' },
        { ...line, action: 'condition.began', detail: { condition: watched.condition, key, since, summary } },
      );
      log.error({ condition: watched.condition, key, since }, summary);
    }
    if (trouble.isPaged === false) return store.keepWatched({ ...watched, stage: 'paged' });
    if (!pager) return;
    const told = await raise(pager, watched);
    const detail = { ...detailOf(told.watched, told.unconfirmed), by: told.by };
    await store.keepWatched(
      { ...told.watched, stage: 'paged' },
      {
        ...line,
        action: 'condition.paged',
        detail: told.instead === undefined ? detail : { ...detail, instead: told.instead },
      },
    );
    if (told.unconfirmed !== undefined) log.warn({ key }, `The page was ${told.unconfirmed}`);
  }

  /** By the connection that the policy names; where that can page nobody, by the usual one: better so than not at all. */
  async function raise(pager: Pager, watched: Watched) {
    const { connection = defaultConnection } = watched.trouble;
    const raiseBy = async (by: string, before: readonly string[]) => {
      const raisedBy = [...new Set([...before, by])];
      const kept: Watched = { ...watched, stage: 'paging', trouble: { ...watched.trouble, raisedBy } };
      // Before: whoever goes on from here takes back what may have been raised.
      await store.keepWatched(kept);
      const since = watched.since;
      return {
        watched: kept,
        by,
        unconfirmed: await page(pager, kept.trouble, { since, connection: by }, signal),
      };
    };
    const before = watched.trouble.raisedBy ?? [];
    try {
      return { ...(await raiseBy(connection, before)), instead: undefined };
    } catch (error) {
      const isFinal = error instanceof ApplicationFailure && error.nonRetryable === true;
      if (connection === defaultConnection || !isFinal) throw error;
      const instead = `${connection}, which the policy names, could not page: ${error.message}`;
      log.warn({ key: watched.trouble.key }, instead);
      return { ...(await raiseBy(defaultConnection, before)), instead };
    }
  }

  async function tellOver(watched: Watched, ends: EventType | undefined): Promise<void> {
    const { key, summary } = watched.trouble;
    // First: triggers learn of it also where no page can be taken back.
    if (ends) await store.tell(conditionEvent(ends, watched, watched.overSince ?? at()));
    const unconfirmed = pager && watched.stage !== 'noticed' ? await allBack(pager, watched) : undefined;
    await store.dropWatched(key, {
      ...lineOf(watched),
      action: 'condition.over',
      detail: detailOf(watched, unconfirmed),
    });
    log.info({ condition: watched.condition, key }, `It is over: ${summary}`);
    if (unconfirmed !== undefined) log.warn({ key }, `That it is over was ${unconfirmed}`);
  }

  /** By each connection that may have raised it. */
  async function allBack(pager: Pager, watched: Watched): Promise<string | undefined> {
    let unconfirmed: string | undefined;
    for (const connection of raisersOf(watched.trouble)) {
      const raised = { dedupKey: watched.trouble.key, connection };
      const told = takeBack(pager, raised, signal);
      unconfirmed = (await told.catch((error: unknown) => orUnpaged(watched, error))) ?? unconfirmed;
    }
    return unconfirmed;
  }

  const at = () => new Date(now()).toISOString();
  const lineOf = ({ trouble }: Watched) => ({ at: at(), actor: 'baton', via, subject: trouble.key });

  /** One line for each kind of trouble, however long it lasts. */
  function warnOnce(what: string, error: unknown, message: string): void {
    if (signal.aborted) return;
    if (!warned.has(what)) log.warn({ err: error, about: what }, message);
    warned.add(what);
  }

  const begun = () =>
    round().catch((error: unknown) =>
      warnOnce(duty, error, 'What is wrong could not be looked up in the store'),
    );
  let under = begun();
  const timer = setInterval(() => {
    under = under.then(begun);
  }, limits.round * 1_000);
  return {
    counts: () => counts,
    async stop() {
      stopping.abort();
      clearInterval(timer);
      await under;
      await Promise.all([...looking.values(), ...telling.values()]);
      await store.releaseDuties().catch(() => undefined);
    },
  };
}

const raisersOf = ({ raisedBy, isPaged }: Trouble): readonly string[] =>
  raisedBy ?? (isPaged === false ? [] : [defaultConnection]);

/** Where PagerDuty takes no events of ours nobody was paged, and there is nothing to take back. */
function orUnpaged({ stage }: Watched, error: unknown): undefined {
  if (stage === 'paged' || !(error instanceof ApplicationFailure) || error.type !== 'NotConnected')
    throw error;
}

const detailOf = ({ condition, trouble }: Watched, unconfirmed: string | undefined) => ({
  condition,
  key: trouble.key,
  ...(unconfirmed === undefined ? {} : { unconfirmed }),
});

function countsOf(watched: readonly Watched[]): TroubleCounts {
  const told = watched.filter(({ stage, overSince }) => stage !== 'noticed' && overSince === undefined);
  const count = (name: ConditionName) => told.filter(({ condition }) => condition === name).length;
  return Object.fromEntries(conditionNames.map((name) => [name, count(name)])) as Record<
    ConditionName,
    number
  >;
}
