import { useState } from 'preact/hooks';
import { change, problemOf } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import type { BatonEvent, Page, Trigger } from '../api/shapes.ts';
import { choose, query } from '../navigation.ts';
import { Do } from '../parts/action.tsx';
import { AskFirst, reasonFor } from '../parts/ask-first.tsx';
import { IncidentLink } from '../parts/links.tsx';
import { Code, Copy, Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Status } from '../parts/status.tsx';
import { When } from '../parts/when.tsx';
import { eventPath, inPath } from '../routes.ts';
import { can } from '../session.ts';
import { inShell, pretty, whyNo } from '../text.ts';
import { useTitle } from '../title.ts';
import { answersTo, eventWords, touchesTriggers } from './triggers.tsx';

export function TriggerPage({ name }: { name: string }) {
  useTitle(name);
  const trigger = useQuery<Trigger>(`/triggers/${inPath(name)}`, touchesTriggers);
  return (
    <Shown query={trigger} rows={8} what="the trigger" isPage>
      {(answer) => <Whole trigger={answer} />}
    </Shown>
  );
}

function Whole({ trigger }: { trigger: Trigger }) {
  const { name, workflow, standing, mode, reviewed, lowered, answers = [] } = trigger;
  const [isSwitching, setSwitching] = useState(false);
  const may = trigger.can?.lower ?? can('triggers.switch');
  return (
    <article class="stack">
      <header class="page-head">
        <div>
          <h1>{name}</h1>
          <div class="facts">
            <Status state={standing} />
            <span>
              <span class="soft">answers</span> {answersTo(trigger)}
            </span>
            <span>
              <span class="soft">runs</span>{' '}
              <a href={`/runs?workflow=${encodeURIComponent(workflow)}`}>{workflow}</a>
            </span>
            <span class="soft">
              its file says {mode}
              {reviewed && `, reviewed ${reviewed}`}
            </span>
          </div>
          {lowered && (
            <p class="note amber">
              Lowered to {standing} by <Said text={lowered.by} />, <When at={lowered.at} />:{' '}
              <Said text={lowered.reason} />
            </p>
          )}
        </div>
        <div class="buttons">
          <Do can={may} onClick={() => setSwitching(true)}>
            {standing === 'off' ? 'Switch on' : 'Lower or switch off'}
          </Do>
        </div>
      </header>
      <section aria-labelledby="said">
        <h2 id="said">What it has said lately</h2>
        {answers.length === 0 ? (
          <p class="soft">Nothing of the last 200 events was for it.</p>
        ) : (
          <ul class="list">
            {answers.map((answer) => (
              <li key={answer.event}>
                <Status state={answer.answer} />
                <span class="wrap">
                  <Said text={answer.answer === 'no' ? whyNo(answer.reason) : answer.reason} />{' '}
                  <span class="soft small block">
                    to <a href={eventPath(answer.event)}>an event</a>
                    {answer.subject && (
                      <>
                        {' '}
                        of <IncidentLink id={answer.subject} />
                      </>
                    )}
                  </span>
                </span>
                <span class="soft">
                  <When at={answer.at} only="relative" />
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
      <TryPart trigger={trigger} />
      {isSwitching && <SwitchDialog trigger={trigger} can={may} onClose={() => setSwitching(false)} />}
    </article>
  );
}

interface Item {
  event: string;
  seq?: number;
  type: string;
  at: string;
  subject?: string;
  answer: 'yes' | 'no' | 'failed';
  forType: boolean;
  reason?: string;
  start?: string;
  id?: string;
  input?: unknown;
  joins?: string;
  held?: string;
}

interface Tried {
  mode: string;
  items: Item[];
  left: { seq: number; why: string }[];
}

/** Asks the trigger about an event, stored or pasted. Nothing is started: it is the dispatcher's own code that answers. */
function TryPart({ trigger: { name } }: { trigger: Trigger }) {
  const events = useQuery<Page<BatonEvent>>('/events?limit=20', ({ action }) => action.startsWith('event.'));
  const [pasted, setPasted] = useState('');
  const [tried, setTried] = useState<Tried | undefined>();
  const [problem, setProblem] = useState<string | undefined>();
  const [isAsking, setAsking] = useState(false);
  const chosen = query.value.get('event') ?? '';
  const ask = async (body: object) => {
    setAsking(true);
    setProblem(undefined);
    try {
      setTried(await change<Tried>(`/triggers/${inPath(name)}/test`, body));
    } catch (error) {
      setTried(undefined);
      setProblem(problemOf(error).message);
    }
    setAsking(false);
  };
  const given = () => {
    try {
      void ask({ given: JSON.parse(pasted) as unknown });
    } catch {
      setTried(undefined);
      setProblem('This is not JSON. Paste a webhook of PagerDuty, or an event as its page shows it.');
    }
  };
  return (
    <section class="panel" aria-labelledby="try">
      <header>
        <h2 id="try">Try an event. Nothing is started</h2>
      </header>
      <div class="body try">
        <div class="stack-small">
          <label class="field">
            <span>A stored event</span>
            <select value={chosen} onChange={(event) => choose({ event: event.currentTarget.value })}>
              <option value="">Choose one</option>
              {chosen !== '' && !events.data.value?.items.some(({ seq }) => String(seq) === chosen) && (
                <option value={chosen}>event {chosen}</option>
              )}
              {events.data.value?.items.map(({ seq, type, subject }) => (
                <option key={seq} value={String(seq)}>
                  {`${seq} ${eventWords(type)} ${subject ?? ''}`}
                </option>
              ))}
            </select>
          </label>
          <div class="buttons">
            <Do
              look="primary"
              can={chosen === '' ? 'Choose an event first.' : true}
              isBusy={isAsking}
              onClick={() => void ask({ event: chosen })}
            >
              Ask about it
            </Do>
            <Do isBusy={isAsking} onClick={() => void ask({ last: 20 })}>
              The last 20 of its types
            </Do>
            {chosen !== '' && (
              <Copy
                text={`npx baton triggers test ${inShell(name)} --event ${inShell(chosen)}`}
                label="Copy as baton command"
                isWord
              />
            )}
          </div>
          <label class="field">
            <span>Or a pasted one, as JSON</span>
            <textarea
              class="mono"
              value={pasted}
              spellcheck={false}
              onInput={(event) => setPasted(event.currentTarget.value)}
            />
          </label>
          <div class="buttons">
            <Do can={pasted.trim() === '' ? 'Paste an event first.' : true} isBusy={isAsking} onClick={given}>
              Ask about the pasted one
            </Do>
          </div>
        </div>
        <div role="status" class="stack-small">
          {problem && <p class="note red">{problem}</p>}
          {tried ? (
            <Answered tried={tried} />
          ) : (
            !problem && (
              <p class="soft">
                Its answer shows here: the condition that says no, or what it would start and with what.
              </p>
            )
          )}
        </div>
      </div>
    </section>
  );
}

function Answered({ tried: { mode, items, left } }: { tried: Tried }) {
  return (
    <>
      {mode === 'off' && <p class="note amber">It is off: it starts nothing, whatever it says.</p>}
      {items.length === 0 && <Empty icon="question" title="No stored event of its types" />}
      {items.length === 1 ? (
        items.map((item) => <One key={item.event} item={item} />)
      ) : (
        <Many items={items} />
      )}
      {left.map(({ seq, why }) => (
        <p key={seq} class="soft small">
          Event {seq} is left out: <Said text={why} />
        </p>
      ))}
    </>
  );
}

function One({
  item: { type, subject, answer, forType, reason, start, id, input, joins, held },
}: {
  item: Item;
}) {
  return (
    <div class="stack-small">
      <p>
        To {eventWords(type)}
        {subject && (
          <>
            {' '}
            of <Said text={subject} />
          </>
        )}
        {!forType && <span class="soft">, a type that it does not answer</span>}:
      </p>
      <p class="cluster">
        <Status state={answer} />
        {reason && <Said text={answer === 'no' ? whyNo(reason) : reason} />}
        {start && (
          <span class="wrap">
            would start <strong>{start}</strong> as <span class="mono">{id}</span>
          </span>
        )}
      </p>
      {joins && (
        <p class="note blue">
          As things stand it would join <Said text={joins} />.
        </p>
      )}
      {held && (
        <p class="note amber">
          As things stand nothing would start: <Said text={held} />
        </p>
      )}
      {input !== undefined && <Code text={pretty(input)} label="the input" />}
    </div>
  );
}

function Many({ items }: { items: readonly Item[] }) {
  return (
    <ul class="list">
      {items.map(({ event, seq, answer, reason, start, subject, at }) => (
        <li key={event}>
          <Status state={answer} />
          <span class="wrap">
            <a href={eventPath(seq ?? event)}>{seq ?? event}</a>{' '}
            <Said
              text={answer === 'no' ? whyNo(reason ?? '') : (reason ?? (start ? `would start ${start}` : ''))}
            />{' '}
            {subject && <Said text={subject} class="soft small" />}
          </span>
          <span class="soft">
            <When at={at} only="relative" />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The modes of a trigger below `auto`, each lower than the one before. */
const lower = ['approve', 'propose', 'observe', 'off'];

function SwitchDialog({
  trigger,
  can: may,
  onClose,
}: {
  trigger: Trigger;
  can: true | string;
  onClose: () => void;
}) {
  const { name, standing } = trigger;
  const isOff = standing === 'off';
  const below = lower.slice(lower.indexOf(standing) + 1);
  const [to, setTo] = useState('off');
  const verb = isOff ? 'enable' : 'lower';
  return (
    <AskFirst
      title={isOff ? `Switch ${name} on` : `Lower ${name}`}
      about={`${name} stands at ${standing}. ${
        isOff
          ? 'It will be as it was before.'
          : 'Only a reviewed line of its file raises it again. Once off, it can be switched on here.'
      }`}
      words={reasonFor('Why, for those who read the record')}
      verb={isOff ? 'Switch on' : `Lower to ${to}`}
      look={isOff ? 'primary' : 'danger'}
      can={may}
      send={(reason) =>
        change<Trigger>(`/triggers/${inPath(name)}/${verb}`, isOff ? { reason } : { to, reason }).finally(
          () => refresh('/triggers'),
        )
      }
      said={(answer) => `${name} stands at ${answer.standing}`}
      command={(reason) =>
        `npx baton triggers ${verb} ${inShell(name)}${isOff ? '' : ` --to ${to}`} --reason ${inShell(reason)}`
      }
      onClose={onClose}
    >
      {!isOff && (
        <label class="field">
          <span>To</span>
          <select value={to} onChange={(event) => setTo(event.currentTarget.value)}>
            {below.map((mode) => (
              <option key={mode}>{mode}</option>
            ))}
          </select>
        </label>
      )}
    </AskFirst>
  );
}
