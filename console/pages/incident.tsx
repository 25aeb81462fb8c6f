import { useEffect, useState } from 'preact/hooks';
import { useQuery } from '../api/query.ts';
import type { Effect, Incident, Run, ShownIncident } from '../api/shapes.ts';
import { onKey } from '../keys.ts';
import { choose, query } from '../navigation.ts';
import { Do } from '../parts/action.tsx';
import { type Deed, DeedDialog } from '../parts/deeds.tsx';
import { Icon } from '../parts/icon.tsx';
import { Menu } from '../parts/menu.tsx';
import { NeedsYou, WaitsByItself } from '../parts/needs-you.tsx';
import { isNarrow, Panel } from '../parts/panel.tsx';
import { Copy, Out, Said } from '../parts/said.tsx';
import { Shown } from '../parts/shown.tsx';
import { Status } from '../parts/status.tsx';
import { Deadline, Lasts, When } from '../parts/when.tsx';
import { incidentPath, inPath, runPath } from '../routes.ts';
import { isLive, stateOf } from '../run-state.ts';
import { can as mine } from '../session.ts';
import { Lanes } from '../story/lanes.tsx';
import { TimelinePart } from '../story/timeline.tsx';
import { WhyPanel } from '../story/why.tsx';
import { inShell, targetName, visible } from '../text.ts';
import { useTitle } from '../title.ts';
import { StartRunDialog } from './start-run.tsx';

/** One incident: what it is and whose, whether it needs somebody, what Baton does, what it has changed, and why nothing else ran. */
export function IncidentPage({ id }: { id: string }) {
  const shown = useQuery<ShownIncident>(
    `/incidents/${inPath(id)}`,
    ({ subject, action }) => subject === id || /^(approval|question)\./.test(action),
  );
  return (
    <Shown query={shown} rows={12} what="the incident" isPage>
      {(answer) => <Whole answer={answer} />}
    </Shown>
  );
}

function Whole({ answer }: { answer: ShownIncident }) {
  const { id, incident, runs, changed } = answer;
  const title = incident?.incident?.title ?? `Incident ${id}`;
  useTitle(visible(title));
  const [deed, setDeed] = useState<Deed | undefined>();
  const [isStarting, setStarting] = useState(false);
  const can = answer.can ?? incident?.can;
  useEffect(() => onKey('a', () => setDeed('acknowledge')), []);
  useEffect(() => onKey('d', () => document.querySelector<HTMLElement>('.needs-you a')?.focus()), []);
  const isPicture = query.value.get('as') === 'picture';
  return (
    <article class="incident">
      <Head
        id={id}
        title={title}
        incident={incident}
        can={can}
        onDeed={setDeed}
        onRun={() => setStarting(true)}
      />
      <NeedsYou
        waits={runs.flatMap(({ id: run, waitsFor = [] }) => waitsFor.map((wait) => ({ ...wait, run })))}
      />
      <div class="questions">
        <NowPanel runs={runs} />
        <ChangedPanel changed={changed} />
        <WhyPanel id={id} hasRuns={runs.length > 0} />
      </div>
      <section class="story" aria-label="Story">
        <div class="spread">
          <h2>Timeline</h2>
          <div class="chips">
            <button
              type="button"
              class="button"
              aria-pressed={!isPicture}
              onClick={() => choose({ as: undefined })}
            >
              List
            </button>
            <button
              type="button"
              class="button"
              aria-pressed={isPicture}
              onClick={() => choose({ as: 'picture' })}
            >
              Picture
            </button>
          </div>
        </div>
        {isPicture ? (
          <Lanes id={id} runs={runs} />
        ) : (
          <TimelinePart id={id} isOpen={incident?.status !== 'resolved'} />
        )}
      </section>
      {isStarting && <StartRunDialog incident={{ id, title }} onClose={() => setStarting(false)} />}
      {deed && (
        <DeedDialog deed={deed} id={id} title={title} can={can?.[deed]} onClose={() => setDeed(undefined)} />
      )}
    </article>
  );
}

function Head({
  id,
  title,
  incident,
  can,
  onDeed,
  onRun,
}: {
  id: string;
  title: string;
  incident: Incident | undefined;
  can: ShownIncident['can'];
  onDeed: (deed: Deed) => void;
  onRun: () => void;
}) {
  const told = incident?.incident;
  const isResolved = incident?.status === 'resolved';
  return (
    <header class="page-head">
      <div>
        <h1 title={visible(title)}>
          {told?.number !== undefined && <span class="soft">#{told.number} </span>}
          <Said text={title} />
        </h1>
        <div class="facts">
          {incident ? <Status state={incident.status} /> : <span class="soft">State not known</span>}
          {incident && (
            <span>
              <When at={told?.createdAt ?? incident.seenAt} />
            </span>
          )}
          {(told?.priority || told?.urgency) && (
            <span>
              {told.priority && <strong>{told.priority.name}</strong>}{' '}
              {told.urgency && <span class="soft">{told.urgency} urgency</span>}
            </span>
          )}
          {told?.service && <Said text={told.service.name} />}
          <span>
            <Icon name="person" size={14} />{' '}
            <Said text={told?.assignees?.map(({ name }) => name).join(', ') || 'nobody assigned'} />
          </span>
          {told?.url && <Out to={told.url} text="PagerDuty" />}
          <span class="soft mono small">{id}</span>
        </div>
      </div>
      <div class="buttons deeds">
        {incident?.status === 'triggered' && (
          <Do look="primary" can={can?.acknowledge} onClick={() => onDeed('acknowledge')} shortcut="a">
            Acknowledge
          </Do>
        )}
        {incident && !isResolved && (
          <Do can={can?.resolve} onClick={() => onDeed('resolve')}>
            Resolve
          </Do>
        )}
        <Do can={can?.note} onClick={() => onDeed('note')}>
          Note
        </Do>
        <Do can={mine('runs.start')} onClick={onRun}>
          Run…
        </Do>
        <Menu label="More" look="" button={<Icon name="more" />}>
          <div class="settings">
            <Copy text={`npx baton incidents show ${inShell(id)}`} label="Copy as baton command" isWord />
            <Copy text={asMarkdown(id, title, incident)} label="Copy as Markdown" isWord />
            <a class="button quiet" href={`/record?subject=${encodeURIComponent(id)}`}>
              Its lines of the record
            </a>
            <a class="button quiet" href={`/events?subject=${encodeURIComponent(id)}`}>
              Its events
            </a>
            <a class="button quiet" href={`/api/v1/incidents/${inPath(id)}`} target="_blank" rel="noopener">
              JSON
            </a>
          </div>
        </Menu>
      </div>
    </header>
  );
}

function asMarkdown(id: string, title: string, incident: Incident | undefined): string {
  const told = incident?.incident;
  return [
    `**${visible(title)}** (${told?.number === undefined ? id : `#${told.number}, ${id}`})`,
    `- ${incident?.status ?? 'state not known'}, ${told?.service?.name ?? 'no service'}`,
    `- ${location.origin}${incidentPath(id)}`,
  ].join('\n');
}

function NowPanel({ runs }: { runs: readonly Run[] }) {
  const live = runs.filter(isLive);
  const over = runs.filter((run) => !isLive(run));
  const waiting = live.filter((run) => stateOf(run) === 'waiting').length;
  const running = live.length - waiting;
  const count =
    [waiting > 0 && `${waiting} waiting`, running > 0 && `${running} running`].filter(Boolean).join(', ') ||
    'nothing runs';
  const shown = isNarrow.value ? 20 : 5;
  return (
    <Panel title={`Now: ${count}`} isOpen>
      {runs.length === 0 && <p class="soft">Nothing has run about it.</p>}
      <ul class="list">
        {[...live, ...over].slice(0, shown).map((run) => (
          <RunItem key={run.id} run={run} />
        ))}
      </ul>
      {runs.length > shown && (
        <a class="small" href={`/runs?subject=${encodeURIComponent(runs[0]?.subject ?? '')}`}>
          All {runs.length} runs
        </a>
      )}
    </Panel>
  );
}

const words = { approval: 'for an approval', answer: 'for an answer', parked: 'for a decision' };

function RunItem({ run }: { run: Run }) {
  const state = stateOf(run);
  const [wait] = run.waitsFor ?? [];
  const [doing] = run.doing ?? [];
  return (
    <li class="run-item">
      <Status state={state} />
      <a href={runPath(run.id)} class="wrap">
        {run.trigger}
      </a>
      <span class="soft">
        <Lasts from={run.createdAt} to={run.endedAt} />
      </span>
      <span class="more">
        {wait ? (
          <>
            waits {words[wait.kind]}, <Deadline at={wait.until} />
          </>
        ) : run.stuck && !run.stuck.over ? (
          <Said text={run.stuck.message} />
        ) : run.failure ? (
          <Said text={`${run.failure.class}: ${run.failure.message}`} />
        ) : doing ? (
          <>
            {doing.activity}
            {doing.attempt > 1 && `, attempt ${doing.attempt}`}
            {doing.retryAt && (
              <>
                , next try <When at={doing.retryAt} only="relative" />
              </>
            )}
          </>
        ) : run.waiting ? (
          <WaitsByItself waiting={run.waiting} />
        ) : run.outcome && run.outcome !== state ? (
          <Said text={run.outcome} />
        ) : (
          run.workflow
        )}
      </span>
    </li>
  );
}

function ChangedPanel({ changed }: { changed: readonly Effect[] }) {
  const unknown = changed.filter(({ state }) => state === 'unknown').length;
  const shown = isNarrow.value ? 30 : 7;
  const [all, setAll] = useState(false);
  return (
    <Panel title={`Changed so far: ${changed.length}${unknown > 0 ? `, ${unknown} unknown` : ''}`}>
      {changed.length === 0 && <p class="soft">Baton has changed nothing about it.</p>}
      <ul class="list">
        {changed.slice(0, all ? changed.length : shown).map((effect) => (
          <EffectItem key={effect.key} effect={effect} />
        ))}
      </ul>
      {changed.length > shown && !all && (
        <button type="button" class="button quiet" onClick={() => setAll(true)}>
          {changed.length - shown} more
        </button>
      )}
    </Panel>
  );
}

function EffectItem({ effect: { activity, state, targets, run, key, result } }: { effect: Effect }) {
  const link = linkIn(result);
  const icon = state === 'done' ? 'plus' : state === 'unknown' ? 'question' : 'play';
  return (
    <li>
      <Icon name={icon} size={14} />
      <span class="wrap">
        <a href={runPath(run, { activity: key })}>{activity}</a>
        {targets.length > 0 && <span class="soft"> {targets.map(targetName).join(', ')}</span>}
      </span>
      {state === 'done' ? link ? <Out to={link} text="open" /> : <span /> : <Status state={state} />}
    </li>
  );
}

/** Where what was made is to be seen, if its result says so. */
function linkIn(result: unknown): string | undefined {
  if (result === null || typeof result !== 'object') return undefined;
  const { url, permalink, link } = result as Record<string, unknown>;
  return [url, permalink, link].find((each): each is string => typeof each === 'string');
}
