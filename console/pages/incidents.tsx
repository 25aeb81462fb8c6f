import { useQuery } from '../api/query.ts';
import type { ListedIncident, Page } from '../api/shapes.ts';
import { choose, query } from '../navigation.ts';
import { Chips } from '../parts/chips.tsx';
import { DeedButton } from '../parts/deeds.tsx';
import { atOnce, More } from '../parts/more.tsx';
import { isNarrowed, Narrowed } from '../parts/narrowed.tsx';
import { Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Mark, Status } from '../parts/status.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { address, incidentPath } from '../routes.ts';
import { stateOf } from '../run-state.ts';
import { counted } from '../text.ts';
import { useTitle } from '../title.ts';

const statuses = [
  ['open', 'Open'],
  ['triggered', 'Triggered'],
  ['acknowledged', 'Acknowledged'],
  ['resolved', 'Resolved'],
  ['any', 'All'],
] as const;

const rank = ({ needsMe = [], status }: ListedIncident) =>
  needsMe.length > 0 ? 0 : { triggered: 1, acknowledged: 2, resolved: 3 }[status];

export function IncidentsPage() {
  useTitle('Incidents');
  const asked = query.value.get('status') ?? 'open';
  const status = statuses.some(([name]) => name === asked) ? asked : 'open';
  const q = query.value.get('q') ?? undefined;
  const mine = query.value.get('mine') === 'true';
  const service = query.value.get('service') ?? undefined;
  const filter = {
    status: status === 'any' ? undefined : status,
    q,
    service,
    mine: mine ? 'true' : undefined,
    order: 'state',
    limit: atOnce,
    cursor: query.value.get('cursor') ?? undefined,
  };
  const list = useQuery<Page<ListedIncident>>(address('/incidents', filter), ({ action }) =>
    /^(event|run|approval|question|operation)\./.test(action),
  );
  return (
    <>
      <div class="page-head">
        <h1>Incidents</h1>
      </div>
      <div class="filters">
        <Chips
          label="State"
          value={status}
          options={statuses}
          onChoose={(value) => choose({ status: value, cursor: undefined })}
        />
        <button
          type="button"
          class="button"
          aria-pressed={mine}
          onClick={() => choose({ mine: mine ? undefined : 'true', cursor: undefined })}
        >
          Mine
        </button>
        <Narrowed by={{ q, service }} />
        {asked !== status && (
          <span class="soft small">There is no state “{asked}”: the open ones are shown.</span>
        )}
      </div>
      <Shown query={list} rows={10} what="the incidents">
        {({ items, next }) =>
          items.length === 0 ? (
            <None isFiltered={isNarrowed({ q, service }) || mine} status={status} />
          ) : (
            <>
              <IncidentTable items={items.toSorted((one, other) => rank(one) - rank(other))} />
              <More next={next} />
            </>
          )
        }
      </Shown>
    </>
  );
}

function IncidentTable({ items }: { items: readonly ListedIncident[] }) {
  return (
    <Table
      caption={counted(items.length, 'incident')}
      heads={['State', 'Incident', 'Age', 'Service', 'Assigned to', 'Baton']}
      hasActions
    >
      {items.map((item) => (
        <IncidentRow key={item.id} item={item} />
      ))}
    </Table>
  );
}

function IncidentRow({ item }: { item: ListedIncident }) {
  const { id, status, incident, seenAt, needsMe = [], can } = item;
  const [first] = needsMe;
  return (
    <tr class={first ? 'needs-me' : ''}>
      <td class="nowrap">
        <Status state={status} />
      </td>
      <td class="grow">
        <a href={incidentPath(id)} data-row>
          {incident?.number !== undefined && <span class="soft">#{incident.number} </span>}
          <Said text={incident?.title ?? id} />
        </a>
        {incident?.priority && <span class="soft"> {incident.priority.name}</span>}
      </td>
      <td class="nowrap">
        <When at={incident?.createdAt ?? seenAt} only="relative" />
      </td>
      <td>
        <Said text={incident?.service?.name} />
      </td>
      <td>
        <Said text={incident?.assignees?.map(({ name }) => name).join(', ')} />
      </td>
      <td>
        {first ? (
          <a href={incidentPath(id)} class="quiet-link">
            <Mark tone="needs" icon="hand">
              Needs you
            </Mark>
          </a>
        ) : (
          <Doing item={item} />
        )}
      </td>
      <td class="actions">
        {status === 'triggered' && <DeedButton deed="acknowledge" id={id} can={can?.acknowledge} />}
      </td>
    </tr>
  );
}

/** What Baton does about it, in a word. */
function Doing({ item: { runs, liveRuns, status } }: { item: ListedIncident }) {
  if (liveRuns === 0) return <span class="soft">{status === 'resolved' ? 'Over' : 'Nothing runs'}</span>;
  const waiting = runs?.filter(({ waitsFor = [] }) => waitsFor.length > 0) ?? [];
  const stuck = runs?.filter((run) => stateOf(run) === 'stands still') ?? [];
  const parked = runs?.filter(({ parked: steps = [] }) => steps.length > 0) ?? [];
  if (stuck.length > 0) return <Status state="stands still" />;
  if (parked.length > 0) return <Status state="parked" />;
  if (waiting.length > 0) return <Status state="waiting" word={`${waiting.length} of ${liveRuns} waits`} />;
  return <Status state="running" word={counted(liveRuns, 'run')} />;
}

function None({ isFiltered, status }: { isFiltered: boolean; status: string }) {
  const events = useQuery<Page<{ receivedAt: string }>>('/events?limit=1');
  const last = events.data.value?.items[0];
  if (isFiltered || (status !== 'open' && status !== 'any'))
    return (
      <Empty title="No incident like this">
        <p>
          <a href="/incidents?status=any">Show all that are known.</a>
        </p>
      </Empty>
    );
  if (last)
    return (
      <Empty title="No open incident">
        <p>
          The last event came <When at={last.receivedAt} />.{' '}
          <a href="/incidents?status=resolved">Those that are resolved</a>, <a href="/events">all events</a>.
        </p>
      </Empty>
    );
  return (
    <Empty icon="inbox" title="No incident yet">
      <p>Connect PagerDuty, so that its incidents come here:</p>
      <pre>
        <code>npx baton setup pagerduty</code>
      </pre>
      <p>
        Or, where PagerDuty is simulated, play one: <code>npx baton demo</code>
      </p>
    </Empty>
  );
}
