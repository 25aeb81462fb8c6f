import { useQuery } from '../api/query.ts';
import type { BatonEvent, ListedIncident, Page, Run } from '../api/shapes.ts';
import { meanOf, mostFrequent, waitedOf } from '../numbers.ts';
import { Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { incidentPath, triggerPath } from '../routes.ts';
import { counted } from '../text.ts';
import { lasting } from '../time.ts';
import { useTitle } from '../title.ts';

interface Agreement {
  items: {
    trigger: string;
    done: number;
    refused: number;
    notKnown: number;
    rate?: number;
    runs: { incident: string }[];
  }[];
}

const never = () => false;
const ofType = (verb: string) => `/events?type=pagerduty.incident.${verb}&limit=200`;

/** What Baton is worth: how long people wait with it and without, whether they do what it would, and what makes the most noise. */
export function NumbersPage() {
  useTitle('Numbers');
  const triggered = useQuery<Page<BatonEvent>>(ofType('triggered'), never);
  const acknowledged = useQuery<Page<BatonEvent>>(ofType('acknowledged'), never);
  const resolved = useQuery<Page<BatonEvent>>(ofType('resolved'), never);
  const runs = useQuery<Page<Run>>('/runs?limit=200', never);
  const incidents = useQuery<Page<ListedIncident>>('/incidents?limit=200', never);
  const agreement = useQuery<Agreement>('/agreement', never);
  return (
    <article class="stack">
      <h1>Numbers</h1>
      <Shown query={triggered} rows={4} what="the newest incidents">
        {({ items }) => {
          const others = [acknowledged.data.value, resolved.data.value, runs.data.value];
          if (items.length === 0)
            return (
              <Empty icon="inbox" title="No incident yet">
                <p>Numbers come from the events that PagerDuty sends.</p>
              </Empty>
            );
          if (others.includes(undefined)) return null;
          const automated = new Set(
            (runs.data.value?.items ?? []).flatMap(({ subject, workflow }) =>
              subject && workflow !== 'showApproval' ? [subject] : [],
            ),
          );
          const waited = waitedOf(
            [...items, ...(acknowledged.data.value?.items ?? []), ...(resolved.data.value?.items ?? [])],
            automated,
          );
          return <Times waited={waited} />;
        }}
      </Shown>
      <section class="stack-small" aria-labelledby="noise">
        <h2 id="noise">What makes the most noise</h2>
        <Shown query={incidents} rows={3} what="the services">
          {({ items }) => (
            <ol class="list">
              {mostFrequent(items.map(({ incident }) => incident?.service?.name ?? 'service not known')).map(
                ({ name, count }) => (
                  <li key={name}>
                    <strong>{count}</strong>
                    <Said text={name} />
                    <span class="soft">of the newest {items.length}</span>
                  </li>
                ),
              )}
            </ol>
          )}
        </Shown>
      </section>
      <section class="stack-small" aria-labelledby="agreement">
        <h2 id="agreement">Do people do what the triggers would have done? In 90 days</h2>
        <Shown query={agreement} rows={3} what="the agreement">
          {({ items }) =>
            items.length === 0 ? (
              <p class="soft">No trigger has watched, proposed or asked in 90 days.</p>
            ) : (
              <table class="table">
                <caption class="hidden-text">Agreement</caption>
                <thead>
                  <tr>
                    <th scope="col">Trigger</th>
                    <th scope="col">Agreement</th>
                    <th scope="col">Done</th>
                    <th scope="col">Refused</th>
                    <th scope="col">Not known</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map(({ trigger, done, refused, notKnown, rate }) => (
                    <tr key={trigger}>
                      <td class="grow">
                        <a href={triggerPath(trigger)}>{trigger}</a>
                      </td>
                      <td>{rate === undefined ? '–' : `${Math.round(rate * 100)} %`}</td>
                      <td data-label="done">{done}</td>
                      <td data-label="refused">{refused}</td>
                      <td data-label="not known">{notKnown}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )
          }
        </Shown>
      </section>
    </article>
  );
}

function Times({ waited }: { waited: ReturnType<typeof waitedOf> }) {
  const withRuns = waited.filter(({ isAutomated }) => isAutomated);
  const without = waited.filter(({ isAutomated }) => !isAutomated);
  const cells: [string, ReturnType<typeof meanOf>][] = [
    ['To acknowledge, with automation', meanOf(withRuns.map(({ acknowledgedMs }) => acknowledgedMs))],
    ['To acknowledge, without', meanOf(without.map(({ acknowledgedMs }) => acknowledgedMs))],
    ['To resolve, with automation', meanOf(withRuns.map(({ resolvedMs }) => resolvedMs))],
    ['To resolve, without', meanOf(without.map(({ resolvedMs }) => resolvedMs))],
  ];
  const slow = waited
    .filter(({ resolvedMs }) => resolvedMs !== undefined)
    .toSorted((one, other) => (other.resolvedMs ?? 0) - (one.resolvedMs ?? 0))
    .slice(0, 5);
  return (
    <section class="stack-small" aria-labelledby="times">
      <h2 id="times">
        How long people wait, in the mean. Of the newest {counted(waited.length, 'incident')}
      </h2>
      <dl class="numbers">
        {cells.map(([name, told]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {told ? lasting(told.mean) : '–'}
              <small>{told ? `of ${counted(told.count, 'incident')}` : 'none has told it'}</small>
            </dd>
          </div>
        ))}
      </dl>
      {slow.length > 0 && (
        <>
          <h3>The longest</h3>
          <ul class="list">
            {slow.map(({ incident, resolvedMs }) => (
              <li key={incident}>
                <strong>{lasting(resolvedMs ?? 0)}</strong>
                <a href={incidentPath(incident)}>
                  <Said text={incident} />
                </a>
                <span />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
