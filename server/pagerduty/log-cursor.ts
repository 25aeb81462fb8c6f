import type { Logger } from 'pino';
import { millisecondsAhead } from '../../domain/moment.ts';
import type { PullCursor } from '../../store/events/pulls.ts';
import { aheadMilliseconds, type LogEntry, logEntryOf } from './log-entry.ts';

/** What is asked of an account's log. */
export interface LogQuery {
  /** In whole seconds. Left out: from its beginning, or to now. */
  since?: string;
  until?: string;
  offset: number;
  limit: number;
}

/** One page of it, newest first. */
export interface LogPage {
  entries: unknown[];
  more: boolean;
  /** When it was given, by PagerDuty's clock. Left out: PagerDuty does not say. */
  answeredAt?: string;
}

/** Asks for one page. */
export type ReadLog = (query: LogQuery) => Promise<LogPage & { answeredAt: string }>;

/** Where the next part of the log begins. */
export interface LogPlace extends PullCursor {
  /** The log begins here for us: what is older was there before. */
  first?: string;
}

const second = 1_000;
/** Entries may become readable a little after others that are younger. */
const overlapMilliseconds = 60 * second;
/** At the first start the log is taken in from so long before. */
const firstMilliseconds = 10 * 60 * second;
/** As long PagerDuty tries to deliver a webhook. What is older is not taken in. */
const longestGapMilliseconds = 48 * 3_600 * second;
/** For a log that is empty: however wrong our clock is, it lies before the first entry. */
const dayMilliseconds = 24 * 3_600 * second;
const pageSize = 100;
/** What is in memory at a time. */
const pagesAtMost = 20;
/** PagerDuty gives no more than 10 000 entries between two times. */
const pagesOfAll = 100;
const narrowestMilliseconds = 2 * second;

/**
 * Where to begin: where the last round ended, at most 48 hours before the newest entry; at first some minutes ago. By PagerDuty's clock,
 * as ours may be wrong. Where PagerDuty's own has gone back behind the last round, nobody knows what of the future was read: what
 * comes again is known by its id.
 */
export async function beginOf(cursor: PullCursor | undefined, read: ReadLog, now: number): Promise<LogPlace> {
  const since = Date.parse(cursor?.since ?? '');
  if (cursor && now - since <= longestGapMilliseconds && since - now <= aheadMilliseconds) return cursor;
  const { entries, answeredAt } = await read({ offset: 0, limit: 1 });
  const [newest] = entries.map((raw) =>
    Date.parse(logEntryOf(raw, { from: answeredAt, now: answeredAt }).time),
  );
  const there = Date.parse(answeredAt);
  if (!cursor) return beginningAt(firstOf(newest, there));
  if (since - there > aheadMilliseconds) return beginningAt(there - longestGapMilliseconds);
  const earliest = (newest ?? 0) - longestGapMilliseconds;
  return earliest <= since ? cursor : beginningAt(earliest);
}

function firstOf(newest: number | undefined, now: number): number {
  if (newest === undefined) return now - dayMilliseconds;
  // Nothing for so long: what comes next is what is new.
  if (newest < now - firstMilliseconds) return newest + second;
  return Math.max(newest, now) - firstMilliseconds;
}

function beginningAt(time: number): LogPlace {
  const since = whole(time);
  return { since, seen: {}, first: since };
}

/** From where to read, so that what became readable late is found. */
export const readFrom = ({ since }: LogPlace): number => Date.parse(since) - overlapMilliseconds;

/** What was not taken in before. */
export const freshOf = (entries: readonly LogEntry[], { seen, first }: LogPlace): LogEntry[] =>
  entries.filter(
    ({ id, time }) =>
      !Object.hasOwn(seen, id) && (first === undefined || millisecondsAhead(time, first) >= 0),
  );

/** The place after these entries. Those that are read again from there are remembered. */
export function placeAfter(
  { since: before, seen, ...rest }: LogPlace,
  entries: readonly LogEntry[],
): LogPlace {
  const last = entries.at(-1)?.time ?? before;
  const since = Date.parse(last) > Date.parse(before) ? last : before;
  const keptFrom = readFrom({ since, seen }) - narrowestMilliseconds;
  const times = [...Object.entries(seen), ...entries.map(({ id, time }) => [id, time] as const)];
  const kept = times.filter(([, time]) => Date.parse(time) >= keptFrom);
  return { ...rest, since, seen: Object.fromEntries(kept) };
}

/** PagerDuty's own form of a time. */
const whole = (milliseconds: number) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

/**
 * The oldest part of the log from this time on, oldest first; so much that it fits into memory. `until`: where it ends, and more follows.
 * PagerDuty gives the newest first, so where there are too many the end is brought forward until the rest fits.
 */
export async function readPart(
  read: ReadLog,
  from: number,
  log: Logger,
): Promise<{ entries: LogEntry[]; until?: number }> {
  let until: number | undefined;
  for (;;) {
    const isNarrow = until !== undefined && until - from <= narrowestMilliseconds;
    const bounds = { since: whole(from), ...(until === undefined ? {} : { until: whole(until) }) };
    const pages = isNarrow ? pagesOfAll : pagesAtMost;
    const found = new Map<string, LogEntry>();
    const readPage = async (page: number) => {
      const answer = await read({ ...bounds, offset: page * pageSize, limit: pageSize });
      // What is written meanwhile moves the rest on by a place, so an entry may come twice.
      for (const raw of answer.entries) {
        const entry = logEntryOf(raw, { from: new Date(from).toISOString(), now: answer.answeredAt });
        found.set(entry.id, entry);
      }
      return answer.more;
    };
    let more = await readPage(0);
    // The last page that may be read tells whether there is more than fits, without all the pages before it.
    const last =
      more && !isNarrow
        ? await read({ ...bounds, offset: (pages - 1) * pageSize, limit: pageSize })
        : undefined;
    if (last?.more) {
      const { answeredAt: now } = last;
      const times = last.entries.map((raw) => Date.parse(logEntryOf(raw, { from: whole(from), now }).time));
      const oldest = Math.min(...times);
      until = Math.max(from + narrowestMilliseconds, Math.floor((from + oldest) / 2));
      continue;
    }
    for (let page = 1; more && page < pages; page += 1) more = await readPage(page);
    if (more && isNarrow)
      log.error(
        bounds,
        'PagerDuty gives no more than 10 000 entries between two times: some cannot be pulled',
      );
    // Newest first, and of one second the younger one first.
    const newestFirst = [...found.values()];
    return {
      entries: newestFirst.reverse().sort((one, other) => Date.parse(one.time) - Date.parse(other.time)),
      ...(until === undefined ? {} : { until }),
    };
  }
}
