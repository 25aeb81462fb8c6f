import type { Run } from '../api/shapes.ts';
import { choose, query } from '../navigation.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { isNarrow } from '../parts/panel.tsx';
import { Code, Said } from '../parts/said.tsx';
import { Status } from '../parts/status.tsx';
import { When } from '../parts/when.tsx';
import { approvalPath } from '../routes.ts';
import { zone } from '../settings.ts';
import type { RunStep } from '../story/steps.ts';
import { counted, pretty, targetName, visible } from '../text.ts';
import { clock, lasting } from '../time.ts';

const icons: Record<RunStep['state'], [IconName, string]> = {
  done: ['check', 'green'],
  unchanged: ['equals', 'grey'],
  failed: ['cross', 'red'],
  refused: ['shield', 'red'],
  'under way': ['play', 'blue'],
  planned: ['circle', 'blue'],
  asked: ['question', 'amber'],
  said: ['quote', 'grey'],
  started: ['play', 'blue'],
  ended: ['check', 'green'],
};

/** What a run did, and of one step all that is known. */
export function Steps({ steps, run, isCut }: { steps: readonly RunStep[]; run: Run; isCut: boolean }) {
  const asked = query.value.get('activity');
  const isKind = query.value.get('only') === 'changes';
  const shown = steps.filter(({ kind }) => !isKind || kind !== 'read');
  const first =
    steps.find(({ state }) => state === 'failed' || state === 'refused') ??
    steps.findLast(({ kind }) => kind !== 'read' && kind !== 'words');
  const chosen = steps.find(({ key }) => key === asked) ?? (isNarrow.value ? undefined : first);
  return (
    <div class="steps-page">
      <div>
        <div class="filters spread">
          <h2>What it did</h2>
          <button
            type="button"
            class="button"
            aria-pressed={isKind}
            onClick={() => choose({ only: isKind ? undefined : 'changes' })}
          >
            Without reads
          </button>
        </div>
        <ol class="steps" aria-label={`${shown.length} steps, oldest first`}>
          {shown.map((step) => (
            <StepRow key={step.key} step={step} isChosen={step === chosen} run={run} />
          ))}
        </ol>
        {isCut && (
          <p class="soft small">
            The first 200 lines are shown.{' '}
            <a href={`/record?subject=${encodeURIComponent(run.subject ?? run.id)}`}>The record has all.</a>
          </p>
        )}
        {shown.length === 0 && <p class="soft">It has done nothing yet.</p>}
      </div>
      {chosen && !isNarrow.value && (
        <section class="panel step-detail" aria-label={`Of ${chosen.activity}`}>
          <StepDetail step={chosen} />
        </section>
      )}
    </div>
  );
}

function StepRow({ step, isChosen, run }: { step: RunStep; isChosen: boolean; run: Run }) {
  const { key, activity, kind, state, at, endedAt, attempts, targets, summary } = step;
  const [icon, tone] = icons[state];
  const took =
    endedAt && endedAt !== at && kind !== 'run' && kind !== 'words'
      ? lasting(Date.parse(endedAt) - Date.parse(at))
      : '';
  return (
    <li class={`step ${tone} ${isChosen ? 'chosen' : ''}`}>
      <button
        type="button"
        data-row
        aria-expanded={isNarrow.value ? isChosen : undefined}
        aria-current={isChosen}
        onClick={() => choose({ activity: isChosen && isNarrow.value ? undefined : key })}
      >
        <time dateTime={at}>{clock(Date.parse(at), zone.value)}</time>
        <span class="kind">
          <Icon name={icon} size={14} />
          <span class="hidden-text">{state}</span>
        </span>
        <span class="what">
          <strong>{activity}</strong>
          {targets.length > 0 && <span class="soft"> {targets.map(targetName).join(', ')}</span>}
          {summary && <span class="soft"> {visible(summary)}</span>}
        </span>
        <span class="soft small nowrap">
          {kind === 'destructive' ? 'destructive ' : kind === 'read' ? 'read ' : ''}
          {attempts.length > 1 ? `${attempts.length} attempts ` : ''}
          {took}
        </span>
      </button>
      {isChosen && isNarrow.value && <StepDetail step={step} />}
      {isChosen && isNarrow.value && run.failure?.activity === activity && (
        <p class="note red">
          <Said text={run.failure.message} />
        </p>
      )}
    </li>
  );
}

function StepDetail({ step }: { step: RunStep }) {
  const {
    activity,
    kind,
    key,
    attempts,
    targets,
    input,
    result,
    before,
    after,
    inverse,
    known,
    summary,
    approval,
    isSimulated,
    lines,
  } = step;
  return (
    <>
      <header>
        <h2>{activity}</h2>
        <Status state={step.state === 'under way' ? 'open' : step.state} />
      </header>
      <div class="body stack">
        <dl class="pairs">
          <dt>Kind</dt>
          <dd>
            {kind}
            {isSimulated && ', simulated'}
          </dd>
          {summary && (
            <>
              <dt>{kind === 'read' || kind === 'words' ? 'Says' : 'Effect'}</dt>
              <dd>
                <Said text={summary} />
              </dd>
            </>
          )}
          {targets.length > 0 && (
            <>
              <dt>Targets</dt>
              <dd class="mono">{targets.join(', ')}</dd>
            </>
          )}
          {known && (
            <>
              <dt>Known</dt>
              <dd>
                <Said text={known} />
              </dd>
            </>
          )}
          {approval && (
            <>
              <dt>Approval</dt>
              <dd>
                <a href={approvalPath(approval)}>{approval}</a>
              </dd>
            </>
          )}
          {lines.some(({ detail }) => detail.key === key) && (
            <>
              <dt>Key</dt>
              <dd class="mono small">{key}</dd>
            </>
          )}
        </dl>
        {attempts.length > 0 && (
          <ol class="list" aria-label="Attempts">
            {attempts.toReversed().map(({ number, at, endedAt, outcome, why }) => (
              <li key={number}>
                <Status state={outcome === 'under way' ? 'open' : outcome} />
                <span>
                  attempt {number}, <When at={at} only="absolute" />
                </span>
                <span class="soft">
                  {endedAt && endedAt !== at ? lasting(Date.parse(endedAt) - Date.parse(at)) : ''}
                </span>
                {why && (
                  <span class="more">
                    <Said text={why} />
                  </span>
                )}
              </li>
            ))}
          </ol>
        )}
        <div>
          {before !== undefined && <Fold title="Before">{pretty(before)}</Fold>}
          {after !== undefined && <Fold title="After">{pretty(after)}</Fold>}
          {inverse !== undefined && <Fold title="What takes it back">{pretty(inverse)}</Fold>}
          {input !== undefined && <Fold title="Input">{pretty(input)}</Fold>}
          {result !== undefined && <Fold title="Result">{pretty(result)}</Fold>}
          <Fold title={`Record, ${counted(lines.length, 'line')}`}>{pretty(lines)}</Fold>
        </div>
      </div>
    </>
  );
}

function Fold({ title, children }: { title: string; children: string }) {
  return (
    <details class="fold">
      <summary>{title}</summary>
      <Code text={children} label={title} />
    </details>
  );
}
