import { type Signal, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type Problem, problemOf, read } from './ask.ts';
import { listen, type News, ready } from './live.ts';

/** An answer that is kept up to date while it is shown. */
export interface Query<Answer> {
  data: Signal<Answer | undefined>;
  problem: Signal<Problem | undefined>;
  /** When the data was read. */
  at: Signal<number | undefined>;
  reload(): void;
}

interface Entry extends Query<unknown> {
  path: string;
  users: number;
  touches: (news: News) => boolean;
  isLoading: boolean;
  isStale: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  loadedAt: number;
}

/** An answer is read again at most so often, whatever happens. */
const apartMs = 1_000;
const keptAtMost = 60;
const retryMs = 4_000;

const entries = new Map<string, Entry>();

async function load(entry: Entry): Promise<void> {
  clearTimeout(entry.timer);
  entry.timer = undefined;
  if (entry.isLoading) {
    entry.isStale = true;
    return;
  }
  entry.isLoading = true;
  entry.isStale = false;
  try {
    await ready;
    const answer = await read(entry.path);
    entry.data.value = answer;
    entry.problem.value = undefined;
    entry.at.value = Date.now();
  } catch (error) {
    const problem = problemOf(error);
    entry.problem.value = problem;
    if (problem.status === 0 || problem.status >= 500) later(entry, retryMs);
  } finally {
    entry.isLoading = false;
    entry.loadedAt = Date.now();
  }
  if (entry.isStale) soon(entry);
}

function later(entry: Entry, ms: number): void {
  entry.timer ??= setTimeout(() => {
    entry.timer = undefined;
    if (entry.users > 0) void load(entry);
    else entry.isStale = true;
  }, ms);
}

const soon = (entry: Entry) => later(entry, Math.max(40, entry.loadedAt + apartMs - Date.now()));

/** To be called once: answers that a new line may have changed are read again. */
export function keepFresh(): void {
  listen((news) => {
    for (const entry of entries.values())
      if (news === 'all' || entry.touches(news)) {
        if (entry.users > 0) soon(entry);
        else entry.isStale = true;
      }
  });
}

/** Reads again what is shown and begins so: after a change of one's own, which is not to wait for the stream. */
export function refresh(...starts: string[]): void {
  for (const entry of entries.values())
    if (starts.length === 0 || starts.some((start) => entry.path.startsWith(start))) {
      if (entry.users > 0) void load(entry);
      else entry.isStale = true;
    }
}

const always = () => true;
const nothing: Query<never> = {
  data: signal(undefined),
  problem: signal(undefined),
  at: signal(undefined),
  reload() {},
};

function entryOf(path: string, touches: (news: News) => boolean): Entry {
  const known = entries.get(path);
  if (known) return known;
  const entry: Entry = {
    path,
    touches,
    users: 0,
    data: signal(undefined),
    problem: signal(undefined),
    at: signal(undefined),
    isLoading: false,
    isStale: true,
    timer: undefined,
    loadedAt: 0,
    reload: () => {
      entry.problem.value = undefined;
      void load(entry);
    },
  };
  entries.set(path, entry);
  for (const [key, old] of entries) {
    if (entries.size <= keptAtMost) break;
    if (old.users === 0 && old !== entry) entries.delete(key);
  }
  return entry;
}

/**
 * What the API answers at a path, kept up to date while it is on the page. `touches` says which news may have changed it; left out: any.
 * Without a path nothing is asked.
 */
export function useQuery<Answer>(
  path: string | undefined,
  touches: (news: News) => boolean = always,
): Query<Answer> {
  const entry = path === undefined ? undefined : entryOf(path, touches);
  useEffect(() => {
    if (!entry) return;
    entry.users += 1;
    // What is being read for another part of the page is read for this one too.
    if (!entry.isLoading && (entry.isStale || Date.now() - entry.loadedAt > apartMs)) void load(entry);
    return () => {
      entry.users -= 1;
    };
  }, [entry]);
  return (entry ?? nothing) as Query<Answer>;
}
