import { useState } from 'preact/hooks';
import { useQuery } from '../api/query.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Panel } from '../parts/panel.tsx';
import { Said } from '../parts/said.tsx';
import { Shown } from '../parts/shown.tsx';
import { When } from '../parts/when.tsx';
import { eventPath, inPath, runPath, triggerPath } from '../routes.ts';
import { counted, targetName } from '../text.ts';

interface Why {
  summary: string;
  events: {
    id: string;
    seq: number;
    type: string;
    at: string;
    disposition: string;
    reason: string;
    answers: {
      trigger: string;
      answer: 'yes' | 'no' | 'failed' | 'off';
      forType: boolean;
      condition?: string;
      run?: string;
      reason?: string;
    }[];
  }[];
  held: { run: string; activity: string; target: string; guard: string; reason: string; retryAt?: string }[];
  switches: { id: number; kind: string; reason: string; by: string }[];
  lowered: { trigger: string; standing: string; by: string; at: string; reason: string }[];
  parked: { kind: string; id: string; summary: string; until?: string }[];
  state: string[];
}

interface Row {
  key: string;
  icon: IconName;
  tone: string;
  /** What it is about. */
  name: string;
  to?: string;
  /** What it said, or why. */
  text: string;
  at?: string | undefined;
}

/** What keeps something from running comes first, then what each trigger said. Triggers that are for other events need not be read. */
function rowsOf({ events, held, switches, lowered, parked, state }: Why): Row[] {
  const said = new Map<string, Row>();
  for (const event of events)
    for (const answer of event.answers) {
      if (answer.answer === 'yes' || !answer.forType) continue;
      // What it said last to an event of its types.
      said.set(answer.trigger, {
        key: `answer ${answer.trigger}`,
        icon: answer.answer === 'failed' ? 'alert' : 'dash',
        tone: answer.answer === 'failed' ? 'red' : 'grey',
        name: answer.trigger,
        to: triggerPath(answer.trigger, { event: event.seq }),
        text:
          answer.answer === 'off'
            ? 'is off'
            : answer.condition
              ? `“${answer.condition}”: no`
              : (answer.reason ?? answer.answer),
      });
    }
  const dropped = events.filter(
    ({ disposition, answers }) =>
      disposition !== 'dispatched' &&
      disposition !== 'ignored' &&
      answers.every(({ answer }) => answer !== 'yes'),
  );
  return [
    ...state.map((text) => ({ key: text, icon: 'alert' as const, tone: 'red', name: '', text })),
    ...switches.map(({ id, kind, reason, by }) => ({
      key: `hold ${id}`,
      icon: 'shield' as const,
      tone: 'red',
      name: kind,
      to: '/changes',
      text: `${reason} (${by})`,
    })),
    ...held.map(({ run, activity, target, reason, retryAt }) => ({
      key: `held ${run} ${activity} ${target}`,
      icon: 'shield' as const,
      tone: 'amber',
      name: `${activity} ${targetName(target)}`,
      to: runPath(run),
      text: `held: ${reason}`,
      at: retryAt,
    })),
    ...parked.map(({ kind, id, summary, until }) => ({
      key: `parked ${id}`,
      icon: 'pause' as const,
      tone: 'red',
      name: kind === 'event' ? `event ${id}` : id,
      to: kind === 'event' ? eventPath(id) : runPath(id),
      text: summary,
      at: until,
    })),
    ...dropped.slice(-5).map(({ seq, disposition, reason }) => ({
      key: `event ${seq}`,
      icon: disposition === 'duplicate' ? ('equals' as const) : ('dash' as const),
      tone: 'grey',
      name: `event ${seq}, ${disposition}`,
      to: eventPath(seq),
      text: reason,
    })),
    ...[...said.values()],
    ...lowered
      .filter(({ trigger }) => !said.has(trigger))
      .map(({ trigger, standing, by, reason }) => ({
        key: `lowered ${trigger}`,
        icon: 'down' as const,
        tone: 'amber',
        name: trigger,
        to: triggerPath(trigger),
        text: `${standing} since ${by} lowered it: ${reason}`,
      })),
  ];
}

const shownAtFirst = 5;

/** Why nothing, or nothing else, has run. */
export function WhyPanel({ id, hasRuns }: { id: string; hasRuns: boolean }) {
  const why = useQuery<Why>(
    `/incidents/${inPath(id)}/why`,
    ({ subject, action }) =>
      subject === id || /^(hold|trigger)\./.test(action) || subject.startsWith('hold:'),
  );
  const [all, setAll] = useState(false);
  const answer = why.data.value;
  const rows = answer ? rowsOf(answer) : [];
  const title = hasRuns ? 'Why nothing else ran' : 'Why nothing ran';
  return (
    <Panel title={answer ? `${title}: ${counted(rows.length, 'reason')}` : title} isOpen={!hasRuns}>
      <Shown query={why} rows={4} what="why">
        {({ summary }) => (
          <>
            <p class="summary">
              <Said text={summary} />
            </p>
            <ul class="list">
              {(all ? rows : rows.slice(0, shownAtFirst)).map(({ key, icon, tone, name, to, text, at }) => (
                <li key={key} class={`reason ${tone}`}>
                  <Icon name={icon} size={14} />
                  <span class="wrap">
                    {to ? <a href={to}>{name}</a> : name} <Said text={text} class="soft" />
                    {at && (
                      <>
                        , again <When at={at} only="relative" />
                      </>
                    )}
                  </span>
                  <span />
                </li>
              ))}
            </ul>
            {rows.length > shownAtFirst && (
              <button type="button" class="button quiet" onClick={() => setAll(!all)}>
                {all ? 'Fewer' : `${rows.length - shownAtFirst} more`}
              </button>
            )}
          </>
        )}
      </Shown>
    </Panel>
  );
}
