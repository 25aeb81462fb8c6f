import { detailOf, type RecordRow } from '../../domain/record.ts';
import type { Effect } from '../../simulator/simulator.ts';
import type { World } from '../world.ts';

/** What somebody did or saw. */
export interface Step {
  at: string;
  who: string;
  did: string;
}

/** Who did and said what, in the order in which it happened, out of the simulated providers and Baton's record. */
export function transcriptOf(
  { slack, pagerDuty, jira, ec2 }: World,
  steps: readonly Step[],
  record: readonly RecordRow[],
): string {
  const effects = [slack, pagerDuty, jira, ec2].flatMap(({ ledger }) => ledger).flatMap(stepOf);
  return [...steps, ...effects, ...record.flatMap(recorded)]
    .toSorted((one, other) => one.at.localeCompare(other.at))
    .map(({ at, who, did }) => `${at.slice(11, 21)}  ${who.padEnd(16)}  ${did.replaceAll('\n', ' ')}`)
    .join('\n');
}

const providers: Readonly<Record<string, string>> = {
  slack: 'Slack',
  pagerduty: 'PagerDuty',
  jira: 'Jira',
  ec2: 'EC2',
};

/** What can be seen at the provider; none for what Baton does there for itself. */
function stepOf({ at, provider, effect, target, by, detail }: Effect): Step[] {
  const { text, name, topic, userId, content, summary, title, to, body } = (detail ?? {}) as Readonly<
    Record<string, unknown>
  >;
  if (effect === 'purpose set' || effect === 'message pinned') return [];
  const seenBy = effect === 'ephemeral posted' ? ` to ${userId}` : '';
  const words =
    text ?? name ?? topic ?? content ?? summary ?? title ?? to ?? userId ?? textsIn(body) ?? target;
  const who = `${providers[provider]}${seenBy}`;
  return [
    { at, who, did: `${effect}: ${withoutMark(String(words))}${by === undefined ? '' : ` (as ${by})`}` },
  ];
}

/** By this mark Baton finds its own notes again. */
const withoutMark = (text: string) => text.replace(/\s*\(baton [^)]*\)$/, '');

/** The texts of a document of Jira. */
function textsIn(body: unknown): string | undefined {
  const texts = [...JSON.stringify(body ?? '').matchAll(/"text":("(?:[^"\\]|\\.)*")/g)];
  return texts.length === 0 ? undefined : texts.map(([, text]) => JSON.parse(text ?? '""')).join(' ');
}

/** What only the record tells: which triggers answered, what was asked and approved, how runs ended. */
function recorded(row: RecordRow): Step[] {
  const step = (did: string): Step[] => [{ at: row.at, who: 'Record', did }];
  const answered = detailOf(row, 'event.answered');
  if (answered?.answers?.some(({ answer }) => answer === 'matched'))
    return answered.answers.flatMap(({ trigger, answer }) =>
      answer === 'matched' ? step(`trigger ${trigger} says yes`) : [],
    );
  const asked = detailOf(row, 'approval.asked');
  if (asked) return step(`${row.actor} asks for approval: ${asked.summary}`);
  const said = detailOf(row, 'approval.answered');
  if (said) return step(`${said.decision} by ${said.name}, by ${row.via}`);
  const refused = detailOf(row, 'operation.refused');
  if (refused) return step(`${row.actor} asks for ${refused.operation}, and is refused`);
  const ended = detailOf(row, 'run.completed');
  return ended ? step(`${ended.run} ended: ${ended.outcome}`) : [];
}
