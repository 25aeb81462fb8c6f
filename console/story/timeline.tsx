import { useEffect, useRef, useState } from 'preact/hooks';
import type { Entry, Show } from '../api/shapes.ts';
import { onKey } from '../keys.ts';
import { choose, query } from '../navigation.ts';
import { Chips } from '../parts/chips.tsx';
import { Copy, Said } from '../parts/said.tsx';
import { Empty } from '../parts/shown.tsx';
import { now } from '../parts/when.tsx';
import { zone } from '../settings.ts';
import { actorName, visible } from '../text.ts';
import { zoneName } from '../time.ts';
import { Entries } from './entries.tsx';
import { useTimeline } from './use-timeline.ts';

const shows: readonly [Show, string][] = [
  ['story', 'Story'],
  ['all', 'All'],
  ['people', 'People'],
  ['changes', 'Changes'],
  ['decisions', 'Decisions'],
  ['problems', 'Problems'],
];

export function TimelinePart({ id, isOpen }: { id: string; isOpen: boolean }) {
  const asked = query.value.get('show') ?? 'story';
  const show = shows.find(([name]) => name === asked)?.[0] ?? 'story';
  const usual = isOpen ? 'newest' : 'oldest';
  const given = query.value.get('order');
  // What somebody has begun to read is not turned around when the incident ends.
  const [first] = useState<'newest' | 'oldest'>(usual);
  const order = given === 'oldest' || given === 'newest' ? given : first;
  const list = useRef<HTMLDivElement>(null);
  const mayMove = () => {
    const { current } = list;
    if (!current) return true;
    const isLooking = current.getBoundingClientRect().top < 0;
    return !isLooking && !current.contains(document.activeElement) && !current.matches(':hover');
  };
  const timeline = useTimeline(id, show, order, mayMove);
  const filter = useRef<HTMLDivElement>(null);
  useEffect(
    () => onKey('f', () => filter.current?.querySelector<HTMLElement>('[aria-pressed=true]')?.focus()),
    [],
  );
  const { value: entries } = timeline.entries;
  const problem = timeline.problem.value;
  const counts = timeline.counts.value;
  const waiting = timeline.waiting.value.length;
  const at = query.value.get('at');
  return (
    <>
      <div class="filters spread" ref={filter}>
        <Chips
          label="What is shown"
          value={show}
          options={shows.map(([name, word]) => [name, word, counts[name]] as const)}
          onChoose={(value) => choose({ show: value === 'story' ? undefined : value })}
        />
        <div class="cluster">
          <button
            type="button"
            class="button quiet"
            onClick={() => choose({ order: order === 'newest' ? 'oldest' : 'newest' })}
          >
            {order === 'newest' ? 'Newest first' : 'Oldest first'}
            <span class="hidden-text">: turn around</span>
          </button>
          <span class="soft small">times in {zoneName(now.peek(), zone.value)}</span>
          {entries && <Copy text={() => entries.map(asText).join('\n')} label="Copy as text" />}
        </div>
      </div>
      {timeline.whole.value?.warnings.map((warning) => (
        <p class="note amber" key={warning}>
          <Said text={warning} />
        </p>
      ))}
      {problem && (
        <p class="stale" role="status">
          <Said text={problem.message} />{' '}
          <button type="button" class="button" onClick={() => timeline.reload()}>
            Try again
          </button>
        </p>
      )}
      {waiting > 0 && (
        <button type="button" class="button new-entries" onClick={() => timeline.take()}>
          {waiting} new
        </button>
      )}
      {entries === undefined ? (
        !problem && <div class="room" aria-busy="true" />
      ) : entries.length === 0 ? (
        <Empty icon="inbox" title="Nothing of this kind">
          <p>
            <button type="button" class="button" onClick={() => choose({ show: 'all' })}>
              Show all
            </button>
          </p>
        </Empty>
      ) : (
        <div ref={list}>
          <Entries entries={entries} order={order} meant={at ?? undefined} />
        </div>
      )}
      {timeline.hasMore.value && (
        <button type="button" class="button" onClick={() => timeline.more()}>
          {order === 'newest' ? 'Older ones' : 'Newer ones'} ({entries?.length ?? 0} of {counts[show] ?? '–'})
        </button>
      )}
    </>
  );
}

const asText = (entry: Entry) => `${entry.at}  ${actorName(entry.actor)}  ${visible(entry.text)}`;
