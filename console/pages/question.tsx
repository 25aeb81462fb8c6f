import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { change } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import type { Question } from '../api/shapes.ts';
import { isReady, readFields, type Typed } from '../form.ts';
import { ActionState, Do, useAction, WhyNot } from '../parts/action.tsx';
import { AskedPanel } from '../parts/asked.tsx';
import { Fields } from '../parts/field.tsx';
import { Reason } from '../parts/reason.tsx';
import { Code, Copy, Said } from '../parts/said.tsx';
import { Shown } from '../parts/shown.tsx';
import { When } from '../parts/when.tsx';
import { inPath } from '../routes.ts';
import { can } from '../session.ts';
import { inShell, pretty, visible } from '../text.ts';

/** What a run asks that is no approval: what becomes of a parked step, or an answer by which it goes on. */
export function QuestionPart({ id }: { id: string }) {
  const question = useQuery<Question>(`/questions/${inPath(id)}`, ({ action }) =>
    action.startsWith('question.'),
  );
  return (
    <div>
      <Shown query={question} rows={8} what="the question">
        {(answer) => <Whole question={answer} />}
      </Shown>
    </div>
  );
}

function Whole({ question }: { question: Question }) {
  const { summary, state, whoMay, parked, answers } = question;
  const isPending = state === 'pending';
  return (
    <AskedPanel asked={question} title={<Said text={parked ? `Parked: ${parked.step}` : summary} />}>
      {parked && (
        <>
          <p class="note red">
            <Said text={`${parked.failure.class}: ${parked.failure.message}`} />
          </p>
          {parked.uncertainSince && (
            <p class="note amber">
              It may have been made: an attempt began <When at={parked.uncertainSince} /> and was not
              answered. A retry looks first.
            </p>
          )}
        </>
      )}
      <dl class="pairs">
        <dt>Who may</dt>
        <dd>
          <Said text={whoMay} />
        </dd>
        {answers.map((answer) => (
          <Fragment key={answer.at}>
            <dt>Answered</dt>
            <dd>
              by <Said text={answer.name} />, <When at={answer.at} />: <Said text={pretty(answer.values)} />
              {answer.reason && (
                <>
                  , because: <Said text={answer.reason} />
                </>
              )}
            </dd>
          </Fragment>
        ))}
        {!isPending && question.closedBecause && (
          <>
            <dt>Ended</dt>
            <dd>
              <Said text={question.closedBecause} />
            </dd>
          </>
        )}
      </dl>
      {isPending && (parked ? <Decide question={question} parked={parked} /> : <Fill question={question} />)}
    </AskedPanel>
  );
}

type Input = Record<string, unknown>;

/** The fields that are another than before; one that is gone is null. */
function differing(before: Input, after: Input): Input {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries(
    [...names].flatMap((name) =>
      JSON.stringify(before[name]) === JSON.stringify(after[name]) ? [] : [[name, after[name] ?? null]],
    ),
  );
}

function Decide({ question, parked }: { question: Question; parked: NonNullable<Question['parked']> }) {
  const { id, runId } = question;
  const action = useAction();
  const [reason, setReason] = useState('');
  const [text, setText] = useState(pretty(parked.input));
  const [isOther, setOther] = useState(false);
  const said = reason.trim();
  const may = question.can?.unpark ?? question.can?.retry ?? can('runs.unpark');
  const other = parsed(text);
  const send = (decision: 'retry' | 'skip' | 'abort') =>
    void action.run(
      () =>
        change<{ said: string; name: string }>(`/runs/${inPath(runId)}/unpark`, {
          decision,
          question: id,
          ...(said === '' ? {} : { reason: said }),
          ...(decision === 'retry' && isOther && other ? { input: differing(parked.input, other) } : {}),
        }).finally(() => refresh('/questions', '/runs', '/me/')),
      (answer) => `${answer.said}, decided by ${answer.name}`,
    );
  const withReason =
    may === true ? (said === '' ? 'Say why first: to skip or to abort it is needed.' : true) : may;
  const retry = may === true ? (isOther && !other ? 'The input is not valid JSON.' : true) : may;
  return (
    <div class="answer stack-small">
      <Reason
        label="Reason, for those who read the record (needed to skip or to abort)"
        value={reason}
        onWrite={setReason}
      />
      {isOther ? (
        <label class="field">
          <span>The input of {parked.step}, as JSON. The server checks it before anything is tried</span>
          <textarea
            class="mono"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            spellcheck={false}
          />
        </label>
      ) : (
        <details class="fold">
          <summary>What it was given</summary>
          <Code text={pretty(parked.input)} label="the input" />
        </details>
      )}
      <div class="buttons">
        <Do look="needs" can={retry} isBusy={action.isSent} onClick={() => send('retry')}>
          Retry {parked.step}
        </Do>
        <button type="button" class="button" aria-pressed={isOther} onClick={() => setOther(!isOther)}>
          With other input
        </button>
        <Do can={withReason} isBusy={action.isSent} onClick={() => send('skip')}>
          Skip it
        </Do>
        <Do look="danger" can={withReason} isBusy={action.isSent} onClick={() => send('abort')}>
          Abort the run
        </Do>
        <Copy
          text={`npx baton runs unpark ${inShell(runId)} retry --question ${inShell(id)}`}
          label="Copy as baton command"
          isWord
        />
      </div>
      <WhyNot can={may} />
      <ActionState action={action} />
    </div>
  );
}

function parsed(text: string): Input | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Input)
      : undefined;
  } catch {
    return undefined;
  }
}

function Fill({ question }: { question: Question }) {
  const { id, form } = question;
  const action = useAction();
  const [typed, setTyped] = useState<Typed>({});
  const read = readFields('fields' in form ? form.fields : [], typed);
  const may = question.can?.answer ?? can('questions.answer');
  const send = (given: Record<string, unknown>) =>
    void action.run(
      () =>
        change<{ said: string; name: string }>(`/questions/${inPath(id)}/answer`, { values: given }).finally(
          () => refresh('/questions', '/me/'),
        ),
      (answer) => `${answer.said}, answered by ${answer.name}`,
    );
  return (
    <div class="answer stack-small">
      {'options' in form ? (
        <div class="buttons">
          {form.options.map(({ value, label, description }) => (
            <Do key={value} can={may} isBusy={action.isSent} onClick={() => send({ choice: value })}>
              <span title={description}>{visible(label)}</span>
            </Do>
          ))}
        </div>
      ) : (
        <>
          <Fields fields={form.fields} typed={typed} problems={read.problems} onType={setTyped} />
          <div class="buttons">
            <Do
              look="needs"
              can={may === true ? isReady(form.fields, read.problems) : may}
              isBusy={action.isSent}
              onClick={() => send(read.values)}
            >
              Answer
            </Do>
          </div>
        </>
      )}
      <Copy text={`npx baton questions answer ${inShell(id)}`} label="Copy as baton command" isWord />
      <WhyNot can={may} />
      <ActionState action={action} />
    </div>
  );
}
