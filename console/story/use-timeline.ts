import { batch, type Signal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { type Problem, problemOf, read } from '../api/ask.ts';
import { listen, ready } from '../api/live.ts';
import type { Entry, Show, Timeline } from '../api/shapes.ts';
import { address, inPath } from '../routes.ts';
import { joined, withNews } from './news.ts';

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

/** In one answer: what is drawn of more holds up a key that is pressed meanwhile. */
const atOnce = 200;
/** What is read without being asked for, and at each wish for more. */
const readAhead = 1_000;
const apartMs = 1_000;

interface Reading extends LiveTimeline {
  /** Up to where it was read of what is new. */
  position?: string;
  /** Where the next page begins. */
  next?: string | undefined;
  /** How often pages were begun to be read: what was begun before is given up. */
  begun: number;
  /** Something has come after the end that is not read yet. */
  isBehind: boolean;
  isOver: boolean;
}

/** A story that grows while it is read. Later on only what is new is asked for. */
export function useTimeline(
  id: string,
  show: Show,
  order: 'oldest' | 'newest',
  /** Whether what is new may move what somebody looks at. */
  mayMove: () => boolean,
): LiveTimeline {
  const timeline = useMemo(() => {
    const self: Reading = {
      entries: signal(undefined),
      waiting: signal([]),
      counts: signal({}),
      whole: signal(undefined),
      hasMore: signal(false),
      problem: signal(undefined),
      begun: 0,
      isBehind: false,
      isOver: false,
      more: () => void load(self.next),
      take() {
        self.entries.value = withNews(self.entries.value ?? [], self.waiting.value, order);
        self.waiting.value = [];
      },
      reload() {
        self.problem.value = undefined;
        void load(undefined);
      },
    };
    const path = `/incidents/${inPath(id)}/timeline`;
    /** At the end of an old story that is not read to its end yet, what is new comes after the rest. */
    const isCut = () => order === 'oldest' && self.next !== undefined;
    async function load(from: string | undefined): Promise<void> {
      self.begun += 1;
      const { begun } = self;
      const isGivenUp = () => self.isOver || self.begun !== begun;
      let cursor = from;
      let count = 0;
      try {
        await ready;
        do {
          const page = await read<Timeline>(address(path, { show, order, limit: atOnce, cursor }));
          if (isGivenUp()) return;
          if (cursor === undefined) self.position = page.position;
          const before = cursor === undefined ? [] : (self.entries.value ?? []);
          self.next = page.next;
          batch(() => {
            self.entries.value = joined(before, page.items);
            self.counts.value = page.counts;
            self.whole.value = page;
            self.problem.value = undefined;
          });
          count += page.items.length;
          cursor = page.next;
        } while (cursor !== undefined && count < readAhead);
      } catch (error) {
        if (isGivenUp()) return;
        self.problem.value = problemOf(error);
      }
      self.hasMore.value = self.next !== undefined;
      if (self.isBehind && self.next === undefined) void update();
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
        } while (cursor !== undefined && !isCut());
        if (self.isOver) return;
        self.counts.value = page.counts;
        self.whole.value = page;
        self.problem.value = undefined;
        self.isBehind = isCut();
        if (self.isBehind) return;
        self.position = page.position;
        const known = new Set((self.entries.value ?? []).map(({ id }) => id));
        const isNew = found.some((entry) => !known.has(entry.id));
        if (!isNew) return;
        self.waiting.value = joined(
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
