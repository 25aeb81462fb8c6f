import { useQuery } from '../api/query.ts';
import type { ListedIncident, Page } from '../api/shapes.ts';
import { choose, query } from '../navigation.ts';
import { mostFrequent } from '../numbers.ts';
import { Chips } from '../parts/chips.tsx';
import { Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Table } from '../parts/table.tsx';
import { triggerPath } from '../routes.ts';
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

interface Span {
  count: number;
  medianSeconds?: number;
}

interface Group {
  incidents: number;
  acknowledged: Span;
  resolved: Span;
}

interface WorkflowNumbers {
  workflow: string;
  runs: number;
  successRate?: number;
  falsePositives: number;
  acknowledged: Span;
  resolved: Span;
}

interface Times {
  days: number;
  withAutomation: Group;
  withoutAutomation: Group;
  workflows?: WorkflowNumbers[];
}

const never = () => false;
const days = [7, 30, 90, 365];

/** What Baton is worth: how long people wait with it and without, whether they do what it would, and what makes the most noise. */
export function NumbersPage() {
  useTitle('Numbers');
  const asked = Number(query.value.get('days'));
  const chosen = days.includes(asked) ? asked : 90;
  const times = useQuery<Times>(`/numbers?days=${chosen}`, never);
  const incidents = useQuery<Page<ListedIncident>>('/incidents?limit=200', never);
  const agreement = useQuery<Agreement>(`/agreement?since=${chosen}d`, never);
  return (
    <article class="stack">
      <h1>Numbers</h1>
      <Chips
        label="Of how many days"
        value={String(chosen)}
        options={days.map((each) => [String(each), `${each} days`] as const)}
        onChoose={(value) => choose({ days: value })}
      />
      <Shown query={times} rows={4} what="how long incidents waited">
        {(answer) => (
          <>
            <TimesPart times={answer} />
            <WorkflowsPart workflows={answer.workflows ?? []} />
          </>
        )}
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
        <h2 id="agreement">Do people do what the triggers would have done?</h2>
        <Shown query={agreement} rows={3} what="the agreement">
          {({ items }) =>
            items.length === 0 ? (
              <p class="soft">No trigger has watched, proposed or asked in these days.</p>
            ) : (
              <Table caption="Agreement" heads={['Trigger', 'Agreement', 'Done', 'Refused', 'Not known']}>
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
              </Table>
            )
          }
        </Shown>
      </section>
    </article>
  );
}

const inWords = ({ count, medianSeconds }: Span) => (
  <dd>
    {medianSeconds === undefined ? '–' : lasting(medianSeconds * 1_000)}
    <small>{count === 0 ? 'not known of any incident' : `of ${counted(count, 'incident')}`}</small>
  </dd>
);

function TimesPart({ times: { withAutomation, withoutAutomation } }: { times: Times }) {
  if (withAutomation.incidents + withoutAutomation.incidents === 0)
    return (
      <Empty icon="inbox" title="No incident in these days">
        <p>Numbers come from the events that PagerDuty sends.</p>
      </Empty>
    );
  return (
    <section class="stack-small" aria-labelledby="times">
      <h2 id="times">How long people waited: the median</h2>
      <dl class="numbers">
        <div>
          <dt>To acknowledge, where Baton changed something</dt>
          {inWords(withAutomation.acknowledged)}
        </div>
        <div>
          <dt>To acknowledge, without it</dt>
          {inWords(withoutAutomation.acknowledged)}
        </div>
        <div>
          <dt>To resolve, where Baton changed something</dt>
          {inWords(withAutomation.resolved)}
        </div>
        <div>
          <dt>To resolve, without it</dt>
          {inWords(withoutAutomation.resolved)}
        </div>
      </dl>
    </section>
  );
}

function WorkflowsPart({ workflows }: { workflows: readonly WorkflowNumbers[] }) {
  if (workflows.length === 0) return null;
  const after = ({ medianSeconds }: Span) =>
    medianSeconds === undefined ? '–' : lasting(medianSeconds * 1_000);
  return (
    <section class="stack-small" aria-labelledby="workflows">
      <h2 id="workflows">What became of the runs</h2>
      <p class="soft">False positives are runs that were stopped, refused, or not needed any more.</p>
      <Table
        caption="Runs by workflow"
        heads={['Workflow', 'Runs', 'Success', 'False positives', 'Acknowledged after', 'Resolved after']}
      >
        {workflows.map(({ workflow, runs, successRate, falsePositives, acknowledged, resolved }) => (
          <tr key={workflow}>
            <td class="grow">{workflow}</td>
            <td data-label="runs">{runs}</td>
            <td data-label="success">
              {successRate === undefined ? '–' : `${Math.round(successRate * 100)} %`}
            </td>
            <td data-label="false positives">{falsePositives}</td>
            <td data-label="acknowledged after">{after(acknowledged)}</td>
            <td data-label="resolved after">{after(resolved)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
