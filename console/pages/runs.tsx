import { useState } from 'preact/hooks';
import { useQuery } from '../api/query.ts';
import type { Page, Run } from '../api/shapes.ts';
import { choose, query, replace, route } from '../navigation.ts';
import { Do, WhyNot } from '../parts/action.tsx';
import { Chips } from '../parts/chips.tsx';
import { IncidentLink } from '../parts/links.tsx';
import { atOnce, More } from '../parts/more.tsx';
import { isNarrowed, Narrowed } from '../parts/narrowed.tsx';
import { Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Status } from '../parts/status.tsx';
import { Table } from '../parts/table.tsx';
import { Lasts, When } from '../parts/when.tsx';
import { address, runPath } from '../routes.ts';
import { stateOf } from '../run-state.ts';
import { can } from '../session.ts';
import { actorName, counted } from '../text.ts';
import { useTitle } from '../title.ts';
import { StartRunDialog } from './start-run.tsx';

const states = [
  ['live', 'Live'],
  ['waiting', 'Waiting'],
  ['retrying', 'Retrying'],
  ['parked', 'Parked'],
  ['failed', 'Failed'],
  ['any', 'All'],
] as const;

export function RunsPage() {
  useTitle('Runs');
  const { value: asked } = query;
  const state = states.find(([name]) => name === asked.get('state'))?.[0] ?? 'any';
  const narrowed = {
    subject: asked.get('subject') ?? undefined,
    workflow: asked.get('workflow') ?? undefined,
    q: asked.get('q') ?? undefined,
    build: route.value.id ?? asked.get('build') ?? undefined,
  };
  const filter = { state: state === 'any' ? undefined : state, ...narrowed };
  const list = useQuery<Page<Run>>(
    address('/runs', { ...filter, limit: atOnce, cursor: asked.get('cursor') ?? undefined }),
    ({ action }) => /^(run|approval|question|activity\.failed)/.test(action),
  );
  const mayStart = can('runs.start');
  const [isStarting, setStarting] = useState(false);
  const isAll = state === 'any' && !isNarrowed(narrowed);
  return (
    <>
      <div class="page-head">
        <h1>Runs</h1>
        {mayStart === true ? (
          <div class="buttons">
            <Do onClick={() => setStarting(true)}>Start a workflow</Do>
          </div>
        ) : (
          <WhyNot can={mayStart} />
        )}
      </div>
      {isStarting && <StartRunDialog onClose={() => setStarting(false)} />}
      <div class="filters">
        <Chips
          label="State"
          value={state}
          options={states}
          onChoose={(value) => choose({ state: value === 'any' ? undefined : value, cursor: undefined })}
        />
        {/* The build may stand in the path: `/workers/…`. */}
        <Narrowed
          by={narrowed}
          onTakeAway={(name) => replace(address('/runs', { ...filter, [name]: undefined }))}
        />
      </div>
      <Shown query={list} rows={10} what="the runs">
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty title={isAll ? 'No run yet' : 'No run like this'}>
              <p>
                {isAll ? (
                  <>
                    Runs begin when an event meets a trigger: <a href="/triggers">the triggers</a>,{' '}
                    <a href="/events">the events</a>.
                  </>
                ) : (
                  <a href="/runs">Show all runs.</a>
                )}
              </p>
            </Empty>
          ) : (
            <>
              <Table
                caption={`${counted(items.length, 'run')}, newest first`}
                heads={['State', 'Run', 'Workflow', 'Incident', 'Began', 'Took', 'By']}
              >
                {items.map((run) => (
                  <tr key={run.id}>
                    <td class="nowrap">
                      <Status state={stateOf(run)} />
                    </td>
                    <td class="grow">
                      <a href={runPath(run.id)} data-row class="wrap">
                        <Said text={run.id} />
                      </a>
                      <span class="soft small wrap block">
                        <Told run={run} />
                      </span>
                    </td>
                    <td>{run.workflow}</td>
                    <td>
                      {run.subject !== undefined && <IncidentLink id={run.subject} look="mono small" />}
                    </td>
                    <td class="nowrap">
                      <When at={run.createdAt} only="relative" />
                    </td>
                    <td class="nowrap" data-label="took">
                      <Lasts from={run.createdAt} to={run.endedAt} />
                    </td>
                    <td data-label="by">
                      <Said text={run.actor && actorName(run.actor)} />
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

function Told({ run }: { run: Run }) {
  const [wait] = run.waitsFor ?? [];
  const [doing] = run.doing ?? [];
  if (wait) return <Said text={wait.summary} />;
  if (run.waiting) return <Said text={`waits for ${run.waiting.for}`} />;
  if (run.failure) return <Said text={`${run.failure.class}: ${run.failure.message}`} />;
  if (run.stuck && !run.stuck.over) return <Said text={run.stuck.message} />;
  if (doing) return <Said text={`${doing.activity}, attempt ${doing.attempt}`} />;
  return run.outcome && run.outcome !== run.state ? <Said text={run.outcome} /> : null;
}
