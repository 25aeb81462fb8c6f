import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { LogPage, LogQuery } from './log-cursor.ts';

/** How an account's past is read: pages, newest first. Rejects with the failures of the activities. */
export interface PastSource {
  incidents(query: LogQuery): Promise<LogPage>;
  entries(query: LogQuery): Promise<LogPage>;
}

/** Two times, in milliseconds. */
export interface Span {
  since: number;
  until: number;
}

/** What an account says of a time, as PagerDuty has it now. */
export interface Past {
  incidents: unknown[];
  entries: unknown[];
  /** How often PagerDuty was asked. */
  requests: number;
  /** The beginnings of seconds in which more happened than PagerDuty gives out. */
  cut: string[];
}

const second = 1_000;
const pageSize = 100;
/** PagerDuty gives no more than 10 000 of a list. https://developer.pagerduty.com/docs/pagination */
const pagesAtMost = 100;
/** PagerDuty takes a while for a page of an account with a long past, so several parts are read at once. It gives no more than six months of incidents. */
const parts = 12;
const shortestPart = 24 * 3_600 * second;
const atOnce = 6;
const tries = 5;
const pauseMilliseconds = 1_000;

/** Reads all incidents that began in this time, and all that was logged in it. */
export async function readPast(source: PastSource, span: Span): Promise<Past> {
  const past: Past = { incidents: [], entries: [], requests: 0, cut: [] };
  const ask = patiently(() => {
    past.requests += 1;
  });
  const reads = partsOf(span).flatMap((part) =>
    (['incidents', 'entries'] as const).map((list) => async () => {
      const { found, cut } = await readPart((query) => ask(() => source[list](query)), part);
      past[list].push(...found);
      past.cut.push(...cut);
    }),
  );
  const next = async (): Promise<void> => {
    for (let read = reads.shift(); read; read = reads.shift()) await read();
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  // Where two parts meet, each may have what happened then.
  return { ...past, incidents: eachOnce(past.incidents), entries: eachOnce(past.entries) };
}

function partsOf({ since, until }: Span): Span[] {
  const length = Math.max(shortestPart, Math.ceil((until - since) / parts));
  const spans: Span[] = [];
  for (let from = since; from < until; from += length)
    spans.push({ since: from, until: Math.min(from + length, until) });
  return spans;
}

/** All of a list between two times. Where that is more than PagerDuty gives at once, it goes on from the oldest that it gave. */
async function readPart(
  read: (query: LogQuery) => Promise<LogPage>,
  { since, until }: Span,
): Promise<{ found: unknown[]; cut: ReadonlySet<string> }> {
  const found: unknown[] = [];
  const cut = new Set<string>();
  for (let end = until; ; ) {
    let oldest = end;
    for (let page = 0; page < pagesAtMost; page += 1) {
      const bounds = { since: whole(since), until: whole(end) };
      const { entries, more } = await read({ ...bounds, offset: page * pageSize, limit: pageSize });
      found.push(...entries);
      oldest = Math.min(oldest, ...entries.map(timeOf));
      if (!more) return { found, cut };
    }
    // PagerDuty does not say whether what happened at the end itself belongs to it.
    const next = oldest + second;
    const isStuck = next >= end;
    if (isStuck) cut.add(whole(oldest));
    end = isStuck ? end - second : next;
    if (end <= since) return { found, cut };
  }
}

/** PagerDuty's own form of a time. */
const whole = (milliseconds: number) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

const timeOf = (raw: unknown) => {
  const time = Date.parse(String((raw as { created_at?: unknown } | null)?.created_at));
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time;
};

function eachOnce(list: readonly unknown[]): unknown[] {
  const byId = new Map(list.map((raw) => [(raw as { id?: unknown } | null)?.id, raw]));
  return [...byId.values()];
}

/**
 * Asks again where PagerDuty is away for a moment, and when it wants to be left alone, which then holds for all that is asked. `onAsk`
 * is told of each request.
 */
function patiently(onAsk: () => void): <Value>(ask: () => Promise<Value>) => Promise<Value> {
  let notBefore = 0;
  return async (ask) => {
    for (let attempt = 1; ; attempt += 1) {
      const wait = notBefore - performance.now();
      if (wait > 0) await pause(wait);
      onAsk();
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof ApplicationFailure) || error.nonRetryable || attempt === tries) throw error;
        const [detail] = error.details ?? [];
        const { waitMs = pauseMilliseconds * attempt } = (detail ?? {}) as { waitMs?: number };
        notBefore = Math.max(notBefore, performance.now() + waitMs);
      }
    }
  };
}
