import { change } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import type { BatonEvent, Page } from '../api/shapes.ts';
import { choose, query } from '../navigation.ts';
import { ActionState, Do, useAction, WhyNot } from '../parts/action.tsx';
import { Chips } from '../parts/chips.tsx';
import { IncidentLink } from '../parts/links.tsx';
import { atOnce, More } from '../parts/more.tsx';
import { isNarrowed, Narrowed } from '../parts/narrowed.tsx';
import { Code, Copy, Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Status } from '../parts/status.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { address, eventPath, inPath } from '../routes.ts';
import { can } from '../session.ts';
import { counted, pretty } from '../text.ts';
import { useTitle } from '../title.ts';
import { eventWords } from './triggers.tsx';

const dispositions = [
  ['any', 'All'],
  ['dispatched', 'Dispatched'],
  ['ignored', 'Ignored'],
  ['duplicate', 'Duplicate'],
  ['stale', 'Stale'],
  ['parked', 'Parked'],
  ['pending', 'Pending'],
] as const;

const touches = ({ action }: { action: string }) => action.startsWith('event.');

export function EventsPage() {
  useTitle('Events');
  const { value: asked } = query;
  const disposition = dispositions.find(([name]) => name === asked.get('disposition'))?.[0] ?? 'any';
  const narrowed = { subject: asked.get('subject') ?? undefined, type: asked.get('type') ?? undefined };
  const list = useQuery<Page<BatonEvent>>(
    address('/events', {
      disposition: disposition === 'any' ? undefined : disposition,
      ...narrowed,
      limit: atOnce,
      cursor: asked.get('cursor') ?? undefined,
    }),
    touches,
  );
  const isAll = disposition === 'any' && !isNarrowed(narrowed);
  return (
    <>
      <h1>Events</h1>
      <div class="filters">
        <Chips
          label="What became of them"
          value={disposition}
          options={dispositions}
          onChoose={(value) =>
            choose({ disposition: value === 'any' ? undefined : value, cursor: undefined })
          }
        />
        <Narrowed by={narrowed} />
      </div>
      <Shown query={list} rows={10} what="the events">
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty icon="inbox" title={isAll ? 'No event yet' : 'No event like this'}>
              <p>
                {isAll ? (
                  <>
                    PagerDuty sends them to <code>{location.origin}/webhooks/pagerduty</code>, signed with the
                    secret of the webhook (<code>PAGERDUTY_WEBHOOK_SECRETS</code>).{' '}
                    <code>npx baton setup pagerduty</code> sets both up.
                  </>
                ) : (
                  <a href="/events">Show all events.</a>
                )}
              </p>
            </Empty>
          ) : (
            <>
              <Table
                caption={`${counted(items.length, 'event')}, newest first`}
                heads={['Became', 'Event', 'Why', 'About', 'From', 'Came']}
              >
                {items.map((event) => (
                  <tr key={event.seq}>
                    <td class="nowrap">
                      <Status state={event.disposition ?? 'pending'} />
                    </td>
                    <td class="nowrap">
                      <a href={eventPath(event.seq)} data-row>
                        <span class="soft">{event.seq}</span> {eventWords(event.type)}
                      </a>
                    </td>
                    <td class="grow">
                      <Said text={event.reason ?? ''} />
                    </td>
                    <td>
                      {event.subject !== undefined && <IncidentLink id={event.subject} look="mono small" />}
                    </td>
                    <td class="wide">
                      <Said text={event.source} />
                    </td>
                    <td class="nowrap">
                      <When at={event.receivedAt} only="relative" />
                    </td>
                  </tr>
                ))}
              </Table>
              <More next={next} />
            </>
          )
        }
      </Shown>
    </>
  );
}

export function EventPage({ id }: { id: string }) {
  useTitle(`Event ${id}`);
  const event = useQuery<BatonEvent>(`/events/${inPath(id)}`, touches);
  return (
    <Shown query={event} rows={8} what="the event" isPage>
      {(answer) => <Whole event={answer} />}
    </Shown>
  );
}

function Whole({ event }: { event: BatonEvent }) {
  const {
    seq,
    eventId,
    type,
    subject,
    source,
    time,
    receivedAt,
    disposition,
    reason,
    pruned,
    body,
    encoding,
  } = event;
  const action = useAction();
  const may = can('events.replay');
  const isBusy = action.state.value.is === 'sending';
  return (
    <article class="stack">
      <header class="page-head">
        <div>
          <h1>
            <span class="soft">Event {seq}</span> {eventWords(type)}
          </h1>
          <div class="facts">
            <Status state={disposition ?? 'pending'} />
            {reason && <Said text={reason} />}
          </div>
        </div>
        <div class="stack-small">
          <div class="buttons">
            <Do
              can={may}
              isBusy={isBusy}
              onClick={() =>
                void action.run(
                  () => change(`/events/${seq}/replay`).finally(() => refresh('/events')),
                  () => 'It goes the same way once more. What was started is not started twice',
                )
              }
            >
              Replay
            </Do>
            <Copy text={`npx baton events replay ${seq}`} label="Copy as baton command" isWord />
          </div>
          <WhyNot can={may} />
          <ActionState action={action} />
        </div>
      </header>
      <dl class="pairs">
        <dt>About</dt>
        <dd>{subject === undefined ? '–' : <IncidentLink id={subject} />}</dd>
        <dt>Happened</dt>
        <dd>
          <When at={time} />
        </dd>
        <dt>Came</dt>
        <dd>
          <When at={receivedAt} /> from <Said text={source} />
        </dd>
        <dt>Id</dt>
        <dd class="mono">
          <Said text={eventId} />
        </dd>
        <dt>Triggers</dt>
        <dd>
          <a href="/triggers">Try it on a trigger</a>: choose the trigger, then this event.
        </dd>
      </dl>
      {pruned && <p class="note amber">Its bytes were pruned: they were older than BATON_RETENTION_DAYS.</p>}
      {event.event !== undefined && (
        <section class="stack-small">
          <h2>As Baton reads it</h2>
          <Code text={pretty(event.event)} label="the event" />
        </section>
      )}
      {/* What Baton itself tells has none. */}
      {body && (
        <section class="stack-small">
          <h2>Its bytes{encoding === 'base64' ? ', in base64' : ''}</h2>
          <Code text={body} label="the bytes" />
        </section>
      )}
    </article>
  );
}
