import { dated } from '../domain/story/step.ts';
import { comparisonOf, type Pack, span } from './pack.ts';
import { beganBy, runState } from './run-lines.ts';
import { sentenceOf } from './story.ts';

/** Texts from outside stay text: no mark of Markdown in them counts. */
const plain = (text: string) => text.replace(/\s+/g, ' ').replaceAll(/[\\`*_{}[\]<>#|~]/g, '\\$&');

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** The post-incident pack as Markdown: what Jira, Confluence and repositories take. */
export function markdownOf({
  id,
  incident: known,
  head,
  numbers,
  compared,
  runs,
  links,
  entries,
  warnings,
}: Pack): string {
  const { service, priority, urgency } = known?.incident ?? {};
  const facts: [string, string | undefined][] = [
    ['Incident', id],
    ['State', known?.status],
    ['Service', service?.name],
    ['Priority', priority?.name],
    ['Urgency', urgency],
    ['Triggered', numbers.triggeredAt && dated(numbers.triggeredAt)],
    [
      'Acknowledged',
      timeText(numbers.acknowledgedAt, numbers.acknowledgedBy, numbers.acknowledgedAfterSeconds),
    ],
    ['Resolved', timeText(numbers.resolvedAt, numbers.resolvedBy, numbers.resolvedAfterSeconds)],
    ['Automation', numbers.withAutomation ? 'Baton has changed something' : 'Baton has changed nothing'],
  ];
  const told = entries.filter(({ show }) => show.length > 0);
  return [
    `# ${plain(head[0] ?? id)}`,
    '',
    row(['', '']),
    row(['---', '---']),
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [row([name, plain(value)])])),
    '',
    ...(compared
      ? [
          ...comparisonOf(compared).map(
            (line, place) => `${place === 0 ? '' : '- '}${plain(line)}${place === 0 ? ':\n' : ''}`,
          ),
          '',
        ]
      : []),
    ...(links.length === 0
      ? []
      : [
          '## Where to look',
          '',
          ...links.map(({ text, url }) => `- [${plain(text)}](<${url.replaceAll('>', '%3E')}>)`),
          '',
        ]),
    ...(runs.length === 0
      ? []
      : [
          '## Runs',
          '',
          row(['Run', 'Began by', 'State']),
          row(['---', '---', '---']),
          ...runs.map((run) => row([plain(run.id), plain(beganBy(run) ?? ''), plain(runState(run))])),
          '',
        ]),
    '## Timeline',
    '',
    'Times in UTC.',
    '',
    row(['Time', 'What']),
    row(['---', '---']),
    ...told.map((entry) => row([entry.at.slice(0, 19).replace('T', ' '), plain(sentenceOf(entry))])),
    ...(warnings.length === 0 ? [] : ['', ...warnings.map((warning) => `> ${plain(warning)}`)]),
  ].join('\n');
}

const timeText = (at: string | undefined, by: string | undefined, seconds: number | undefined) =>
  at === undefined
    ? undefined
    : `${dated(at)}${by === undefined ? '' : ` by ${by}`}${seconds === undefined ? '' : `, after ${span(seconds)}`}`;
