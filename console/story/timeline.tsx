import { useEffect, useRef, useState } from 'preact/hooks';
import type { Entry, Show } from '../api/shapes.ts';
import { onKey } from '../keys.ts';
import { choose, query } from '../navigation.ts';
import { Chips } from '../parts/chips.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Code, Copy, Out, Said } from '../parts/said.tsx';
import { Empty } from '../parts/shown.tsx';
import { now } from '../parts/when.tsx';
import { runPath } from '../routes.ts';
import { zone } from '../settings.ts';
import { actorName, counted, pretty, visible } from '../text.ts';
import { absolute, clock, dayOf, zoneName } from '../time.ts';
import { useTimeline } from './use-timeline.ts';

const shows: readonly [Show, string][] = [
  ['story', 'Story'],
  ['all', 'All'],
  ['people', 'People'],
  ['changes', 'Changes'],
  ['decisions', 'Decisions'],
  ['problems', 'Problems'],
];

/** How each kind of entry looks. */
export const kinds: Readonly<Record<string, [icon: IconName, tone: string, word: string]>> = {
  event: ['bolt', 'blue', 'Event'],
  answer: ['dash', 'grey', 'Answer'],
  ignored: ['dash', 'grey', 'Ignored'],
  started: ['play', 'blue', 'Started'],
  ended: ['check', 'green', 'Ended'],
  read: ['eye', 'grey', 'Looked'],
  changed: ['plus', 'green', 'Changed'],
  unchanged: ['equals', 'grey', 'As it was'],
  planned: ['circle', 'blue', 'Planned'],
  asked: ['question', 'amber', 'Asked'],
  decided: ['hand', 'amber', 'Decided'],
  said: ['quote', 'grey', 'Said'],
  waits: ['pause', 'amber', 'Waits'],
  problem: ['alert', 'red', 'Problem'],
  operation: ['person', 'blue', 'Person'],
  process: ['alert', 'amber', 'Process'],
  log: ['inbox', 'grey', 'PagerDuty'],
  message: ['quote', 'grey', 'Message'],
};

export function TimelinePart({ id, isOpen }: { id: string; isOpen: boolean }) {
  const asked = query.value.get('show') ?? 'story';
  const show = shows.find(([name]) => name === asked)?.[0] ?? 'story';
  const usual = isOpen ? 'newest' : 'oldest';
  const given = query.value.get('order');
  // What somebody has begun to read is not turned around when the incident ends.
  const [first] = useState<'newest' | 'oldest'>(usual);
  const order = given === 'oldest' || given === 'newest' ? given : first;
  const list = useRef<HTMLOListElement>(null);
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
          {entries && <Copy text={entries.map(asText).join('\n')} label="Copy as text" />}
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
        <ol
          class="timeline"
          ref={list}
          aria-label={`${counted(entries.length, 'entry', 'entries')}, ${order} first`}
        >
          {entries.map((entry, index) => (
            <Row key={entry.id} entry={entry} before={entries[index - 1]} isMeant={entry.id === at} />
          ))}
        </ol>
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

function Row({ entry, before, isMeant }: { entry: Entry; before: Entry | undefined; isMeant: boolean }) {
  const { id, at, kind, actor, text, run, links } = entry;
  const [isOpen, setOpen] = useState(isMeant);
  const [icon, tone, word] = kinds[kind] ?? ['dot', 'grey', kind];
  const time = Date.parse(at);
  const day = dayOf(time, zone.value);
  const isOtherDay = before !== undefined && dayOf(Date.parse(before.at), zone.value) !== day;
  const isFirst = before === undefined;
  return (
    <li id={`e${id}`} class={`entry ${tone} ${isMeant ? 'meant' : ''}`} data-row tabIndex={-1}>
      {(isOtherDay || isFirst) && <p class="day">{day}</p>}
      <time dateTime={at} title={absolute(time, zone.value, now.peek())}>
        {clock(time, zone.value)}
      </time>
      <span class="kind">
        <Icon name={icon} size={14} />
        <span class="word">{word}</span>
      </span>
      <p class="text">
        <Said text={text} />
        {links.map((link) => (
          <span key={link.url}>
            {' '}
            <Out to={link.url} text={link.text} />
          </span>
        ))}
        <span class="by">
          {' '}
          <Said text={actorName(actor)} />
          {run !== undefined && !actor.startsWith('trigger:') && (
            <>
              {' in '}
              <a href={runPath(run)}>
                <Said text={run} />
              </a>
            </>
          )}
        </span>
      </p>
      <button
        type="button"
        class="button quiet"
        aria-expanded={isOpen}
        onClick={() => {
          setOpen(!isOpen);
          choose({ at: isOpen ? undefined : id });
        }}
      >
        <Icon name={isOpen ? 'down' : 'right'} size={14} />
        <span class="hidden-text">What the record says of {clock(time, zone.value)}</span>
      </button>
      {isOpen && (
        <div class="detail">
          <Code text={pretty(entry.detail)} label="the line of the record" />
        </div>
      )}
    </li>
  );
}
