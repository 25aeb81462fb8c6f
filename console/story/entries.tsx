import { useMemo, useRef, useState } from 'preact/hooks';
import type { Entry } from '../api/shapes.ts';
import { choose } from '../navigation.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Code, Out, Said } from '../parts/said.tsx';
import { now } from '../parts/when.tsx';
import { runPath } from '../routes.ts';
import { zone } from '../settings.ts';
import { actorName, counted, pretty } from '../text.ts';
import { absolute, clock, dayOf } from '../time.ts';
import { type Group, grouped } from './groups.ts';

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

/**
 * The rows of a story. All of them are on the page, so that they are found, read out and reached by keys; those out of sight are not laid
 * out. They are in groups, since each row out of sight would cost something in every frame.
 */
export function Entries({
  entries,
  order,
  meant,
}: {
  entries: readonly Entry[];
  order: 'oldest' | 'newest';
  /** The one that the address names. */
  meant: string | undefined;
}) {
  const last = useRef<Group[]>([]);
  const groups = useMemo(() => grouped(entries, last.current), [entries]);
  last.current = groups;
  return (
    // biome-ignore lint/a11y/useSemanticElements: an `ol` may have no groups between itself and its rows.
    <div
      class="timeline"
      role="list"
      aria-label={`${counted(entries.length, 'entry', 'entries')}, ${order} first`}
    >
      {groups.map((group) => (
        <Rows
          key={group.key}
          group={group}
          meant={group.entries.some(({ id }) => id === meant) ? meant : undefined}
        />
      ))}
    </div>
  );
}

/** As it reads a signal, it is drawn anew only where what it is given has changed. */
function Rows({ group: { entries, before }, meant }: { group: Group; meant: string | undefined }) {
  const { value: own } = zone;
  const dayAt = (entry: Entry | undefined) => entry && dayOf(Date.parse(entry.at), own);
  return (
    <div class="group" style={{ '--rows': entries.length }}>
      {entries.map((entry, index) => {
        const day = dayAt(entry);
        return (
          <Row
            key={entry.id}
            entry={entry}
            day={day === dayAt(entries[index - 1] ?? before) ? undefined : day}
            zone={own}
            isMeant={entry.id === meant}
          />
        );
      })}
    </div>
  );
}

function Row({
  entry,
  day,
  zone: own,
  isMeant,
}: {
  entry: Entry;
  /** Where it is another one than that of the row before. */
  day: string | undefined;
  zone: typeof zone.value;
  isMeant: boolean;
}) {
  const { id, at, kind, actor, text, run, links } = entry;
  const [isOpen, setOpen] = useState(isMeant);
  const [icon, tone, word] = kinds[kind] ?? ['dot', 'grey', kind];
  const time = Date.parse(at);
  return (
    // biome-ignore lint/a11y/useSemanticElements: as its list.
    <div
      id={`e${id}`}
      role="listitem"
      class={`entry ${tone} ${isMeant ? 'meant' : ''}`}
      data-row
      tabIndex={-1}
    >
      {day !== undefined && <p class="day">{day}</p>}
      <time dateTime={at} title={absolute(time, own, now.peek())}>
        {clock(time, own)}
      </time>
      <span class="kind">
        <Icon name={icon} />
        {word}
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
        class="button quiet opener"
        aria-expanded={isOpen}
        aria-label={`What the record says of ${clock(time, own)}`}
        onClick={() => {
          setOpen(!isOpen);
          choose({ at: isOpen ? undefined : id });
        }}
      />
      {isOpen && (
        <div class="detail">
          <Code text={pretty(entry.detail)} label="the line of the record" />
        </div>
      )}
    </div>
  );
}
