import { type Signal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { type Problem, problemOf, read } from '../api/ask.ts';
import { listen, ready } from '../api/live.ts';
import type { Entry, Show, Timeline } from '../api/shapes.ts';
import { address, inPath } from '../routes.ts';

export interface LiveTimeline {
  entries: Signal<readonly Entry[] | undefined>;
  /** What has come since, and waits to be shown. */
  waiting: Signal<readonly Entry[]>;
  counts: Signal<Timeline['counts']>;
  whole: Signal<Timeline | undefined>;
  /** There are older ones, or newer, by the order. */
  hasMore: Signal<boolean>;
  problem: Signal<Problem | undefined>;
  more(): void;
  take(): void;
  reload(): void;
}

const atOnce = 200;
const apartMs = 1_000;

/** A line that is not linked yet has no number, and comes again once it has one. */
const isPassing = ({ id }: Entry) => id.startsWith('queued');

/** The entries of both, once each: those that were passing give way to what they have become. */
export function merged(before: readonly Entry[], later: readonly Entry[]): Entry[] {
  const again = new Set(later.map(({ id }) => id));
  return [...before.filter((entry) => !isPassing(entry) && !again.has(entry.id)), ...later];
}

/** Sorted by time, as the server does it. */
export const inOrder = (entries: readonly Entry[], order: 'oldest' | 'newest'): Entry[] => {
  const oldest = entries.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
  return order === 'newest' ? oldest.toReversed() : oldest;
};

/** A story that grows while it is read. Later on only what is new is asked for. */
export function useTimeline(
  id: string,
  show: Show,
  order: 'oldest' | 'newest',
  /** Whether what is new may move what somebody looks at. */
  mayMove: () => boolean,
): LiveTimeline {
  const timeline = useMemo(() => {
    const self: LiveTimeline & { position?: string; next?: string | undefined; isOver: boolean } = {
      entries: signal(undefined),
      waiting: signal([]),
      counts: signal({}),
      whole: signal(undefined),
      hasMore: signal(false),
      problem: signal(undefined),
      isOver: false,
      more: () => void load(self.next),
      take() {
        self.entries.value = inOrder(merged(self.entries.value ?? [], self.waiting.value), order);
        self.waiting.value = [];
      },
      reload() {
        self.problem.value = undefined;
        void load(undefined);
      },
    };
    const path = `/incidents/${inPath(id)}/timeline`;
    async function load(cursor: string | undefined): Promise<void> {
      try {
        await ready;
        const page = await read<Timeline>(address(path, { show, order, limit: atOnce, cursor }));
        if (self.isOver) return;
        const before = cursor === undefined ? [] : (self.entries.value ?? []);
        self.entries.value = merged(before, page.items);
        self.next = page.next;
        self.hasMore.value = page.next !== undefined;
        if (cursor === undefined) self.position = page.position;
        self.counts.value = page.counts;
        self.whole.value = page;
        self.problem.value = undefined;
      } catch (error) {
        self.problem.value = problemOf(error);
      }
    }
    async function update(): Promise<void> {
      if (self.position === undefined) return load(undefined);
      try {
        let cursor: string | undefined;
        const found: Entry[] = [];
        let page: Timeline;
        do {
          page = await read<Timeline>(
            address(path, { show, order: 'oldest', limit: atOnce, after: self.position, cursor }),
          );
          found.push(...page.items);
          cursor = page.next;
        } while (cursor !== undefined);
        if (self.isOver) return;
        self.position = page.position;
        self.counts.value = page.counts;
        self.whole.value = page;
        self.problem.value = undefined;
        // At the end of an old story that is not loaded to its end yet, they come with the rest.
        if (order === 'oldest' && self.next !== undefined) return;
        const known = new Set(
          (self.entries.value ?? []).filter((each) => !isPassing(each)).map(({ id }) => id),
        );
        const isNew = found.some((entry) => !known.has(entry.id));
        if (!isNew) return;
        self.waiting.value = merged(
          self.waiting.value,
          found.filter((entry) => !known.has(entry.id)),
        );
        if (order === 'oldest' || mayMove()) self.take();
      } catch (error) {
        self.problem.value = problemOf(error);
      }
    }
    return { self, load, update };
  }, [id, show, order]);

  useEffect(() => {
    const { self, load, update } = timeline;
    void load(undefined);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last = 0;
    const stop = listen((news) => {
      if (news !== 'all' && news.subject !== id) return;
      timer ??= setTimeout(
        () => {
          timer = undefined;
          last = Date.now();
          void update();
        },
        Math.max(60, last + apartMs - Date.now()),
      );
    });
    return () => {
      self.isOver = true;
      clearTimeout(timer);
      stop();
    };
  }, [timeline]);
  return timeline.self;
}
