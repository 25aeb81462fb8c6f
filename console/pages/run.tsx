import { useEffect, useState } from 'preact/hooks';
import { change } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import type { Line, Page, Run } from '../api/shapes.ts';
import { onKey } from '../keys.ts';
import { Do } from '../parts/action.tsx';
import { AskFirst, reasonFor } from '../parts/ask-first.tsx';
import { Icon } from '../parts/icon.tsx';
import { IncidentLink } from '../parts/links.tsx';
import { Menu } from '../parts/menu.tsx';
import { NeedsYou, WaitsByItself } from '../parts/needs-you.tsx';
import { Copy, Said } from '../parts/said.tsx';
import { Shown } from '../parts/shown.tsx';
import { Status } from '../parts/status.tsx';
import { Lasts, When } from '../parts/when.tsx';
import { address, eventPath, inPath, triggerPath } from '../routes.ts';
import { isLive, stateOf } from '../run-state.ts';
import { can } from '../session.ts';
import { stepsOf } from '../story/steps.ts';
import { actorName, inShell } from '../text.ts';
import { useTitle } from '../title.ts';
import { Steps } from './run-steps.tsx';

export function RunPage({ id }: { id: string }) {
  useTitle(id);
  const touches = ({ subject, action }: { subject: string; action: string }) =>
    id.includes(subject) || /^(approval|question)\./.test(action);
  const run = useQuery<Run>(`/runs/${inPath(id)}`, touches);
  return (
    <Shown query={run} rows={10} what="the run" isPage>
      {(answer) => <Whole run={answer} />}
    </Shown>
  );
}

function Whole({ run }: { run: Run }) {
  const { id, subject } = run;
  const lines = useQuery<Page<Line>>(
    address(`/runs/${inPath(id)}/timeline`, { limit: 200 }),
    (news) => news.subject === (subject ?? id),
  );
  const [isStopping, setStopping] = useState(false);
  const state = stateOf(run);
  const mayStop = run.can?.cancel ?? can('runs.stop');
  useEffect(() => onKey('d', () => document.querySelector<HTMLElement>('.needs-you a')?.focus()), []);
  return (
    <article class="incident run">
      <header class="page-head">
        <div>
          <h1>
            <Said text={id} />
          </h1>
          <div class="facts">
            <Status state={state} />
            <span>
              <When at={run.createdAt} />, <Lasts from={run.createdAt} to={run.endedAt} />
            </span>
            {subject !== undefined && (
              <span>
                of <IncidentLink id={subject} />
              </span>
            )}
            <span>
              <span class="soft">workflow</span> {run.workflow}
            </span>
            <span>
              <span class="soft">by</span>{' '}
              {run.actor?.startsWith('trigger:') ? (
                <a href={triggerPath(run.trigger, { event: run.eventSeq || undefined })}>{run.trigger}</a>
              ) : (
                <Said text={run.actor ? actorName(run.actor) : run.trigger} />
              )}
              {run.eventSeq > 0 && (
                <>
                  {' '}
                  at <a href={eventPath(run.eventSeq)}>event {run.eventSeq}</a>
                </>
              )}
            </span>
            {run.mode && run.mode !== 'auto' && (
              <span>
                <span class="soft">mode</span> <strong>{run.mode}</strong>
              </span>
            )}
            {run.worker && (
              <span class="soft small">
                code <span class="mono">{(run.worker.commit ?? run.worker.build).slice(0, 8)}</span>
              </span>
            )}
          </div>
        </div>
        <div class="buttons deeds">
          {isLive(run) && (
            <Do can={mayStop} look="danger" onClick={() => setStopping(true)}>
              Cancel run
            </Do>
          )}
          <Menu label="More" look="" button={<Icon name="more" />}>
            <div class="settings">
              <Copy text={`npx baton runs show ${inShell(id)}`} label="Copy as baton command" isWord />
              <a class="button quiet" href={`/api/v1/runs/${inPath(id)}`} target="_blank" rel="noopener">
                JSON
              </a>
            </div>
          </Menu>
        </div>
      </header>
      <WaitsNow run={run} />
      <Shown query={lines} rows={10} what="what it has done">
        {({ items, next }) => <Steps steps={stepsOf(items)} run={run} isCut={next !== undefined} />}
      </Shown>
      {isStopping && <StopDialog run={run} can={mayStop} onClose={() => setStopping(false)} />}
    </article>
  );
}

/** Why it does not go on, first of all. */
function WaitsNow({ run }: { run: Run }) {
  const { waitsFor = [], failure, stuck, doing = [], waiting } = run;
  return (
    <>
      {failure && !isLive(run) && (
        <div class="note red">
          <strong>{failure.activity ? `${failure.activity} failed. ` : 'It failed. '}</strong>
          <Said text={`${failure.class}: ${failure.message}`} />. What came after it was not done.
        </div>
      )}
      {stuck && !stuck.over && (
        <div class="note red">
          <strong>
            It stands still since <When at={stuck.since} />.
          </strong>{' '}
          <Said text={`${stuck.reason}: ${stuck.message}`} />
        </div>
      )}
      {waiting && (
        <p class="note blue">
          Now it <WaitsByItself waiting={waiting} />
        </p>
      )}
      <NeedsYou waits={waitsFor.map((wait) => ({ ...wait, run: run.id }))} />
      {doing.map(({ activity, attempt, since, retryAt, failure: last }) => (
        <p class="note blue" key={`${activity} ${attempt}`}>
          Now: <strong>{activity}</strong>, attempt {attempt}
          {since && (
            <>
              , since <When at={since} only="relative" />
            </>
          )}
          {retryAt && (
            <>
              , next try <When at={retryAt} only="relative" />
            </>
          )}
          {last && (
            <>
              . The one before: <Said text={last} />
            </>
          )}
        </p>
      ))}
    </>
  );
}

function StopDialog({ run, can: may, onClose }: { run: Run; can: true | string; onClose: () => void }) {
  return (
    <AskFirst
      title="Cancel this run"
      about={
        <>
          <Said text={run.id} />: {run.workflow}. What has begun at a provider is finished; nothing new is
          begun.
        </>
      }
      words={reasonFor('Why, for those who read the record')}
      verb="Cancel run"
      can={may}
      send={(reason) => change(`/runs/${inPath(run.id)}/stop`, { reason }).finally(() => refresh('/runs'))}
      said={() => 'It is told to stop. Its end shows here.'}
      command={(reason) => `npx baton runs stop ${inShell(run.id)} --reason ${inShell(reason)}`}
      onClose={onClose}
    />
  );
}
