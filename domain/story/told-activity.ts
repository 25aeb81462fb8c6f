import { type Details, detailOf, type RecordRow } from '../record.ts';
import { dated, type Known, type MakeStep, type Step, type StepLink, shortened, unknown } from './step.ts';
import { failureInWords } from './told-run.ts';

/** What a line about an activity tells; undefined for any other line. One that only prepares another tells nothing, and is kept for that. */
export function toldOfActivity(row: RecordRow, make: MakeStep, known: Known): Step[] | undefined {
  const intended = detailOf(row, 'activity.intended');
  if (intended) {
    if (intended.key !== undefined)
      known.intents.set(intended.key, { input: intended.input, targets: intended.targets });
    return [...doubted(intended, make), ...triedAgain(intended, make)];
  }
  const planned = detailOf(row, 'activity.planned');
  if (planned) return plannedIn(planned, make);
  const completed = detailOf(row, 'activity.completed');
  if (completed) return [...doubted(completed, make), doneIn(completed, make, known)];
  const failed = detailOf(row, 'activity.failed', 'activity.refused');
  if (failed) return [failedIn(failed, row.action === 'activity.refused', make, known)];
  const told = detailOf(row, 'change.told', 'change.not_told');
  if (!told) return undefined;
  const { activity = unknown, run } = told;
  const { reason } = told as Partial<Details['change.not_told']>;
  if (reason !== undefined)
    return [
      make('problem', `PagerDuty was not told of the change by ${activity}: ${reason}`, { run, activity }),
    ];
  return [
    make('unchanged', `tells PagerDuty, as a change event, what ${activity} has changed`, { run, activity }),
  ];
}

type Attempt = Partial<Details['activity.completed']>;

const doubted = ({ activity = unknown, run, doubt }: Attempt, make: MakeStep): Step[] =>
  doubt === undefined
    ? []
    : [
        make('problem', `${activity} goes by a connection which is ${doubt} (baton connections test)`, {
          run,
          activity,
        }),
      ];

/** That the attempt before came to nothing may be told by nobody: its process has died. */
const triedAgain = ({ activity = unknown, run, attempt = 1 }: Attempt, make: MakeStep): Step[] =>
  attempt > 1
    ? [make('process', `tries ${activity} again, for the ${ordinal(attempt)} time`, { run, activity })]
    : [];

const ordinal = (count: number) => {
  const ending = /1[123]$/.test(String(count)) ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th');
  return `${count}${ending}`;
};

function plannedIn(planned: Partial<Details['activity.planned']>, make: MakeStep): Step[] {
  const { activity = unknown, run, targets = [] } = planned;
  const { plan, dryRun, held } = planned as {
    plan?: { summary?: string };
    dryRun?: { said: string };
    held?: { reason: string };
  };
  const about = { run, activity, target: targets[0] };
  const said = dryRun ? `. ${dryRun.said}` : '';
  const what = plan?.summary ?? 'it is so already';
  return [
    make('planned', `${activity}${onTargets(targets)} is planned, and not done: ${what}${said}`, about),
    ...(held ? [make('problem', `${activity} would be held: ${held.reason}`, about)] : []),
  ];
}

/** `ec2:i-0abc12345def67890` → `i-0abc12345def67890`. */
export const targetId = (target: string) => target.slice(target.indexOf(':') + 1);
const mostTargets = 3;

function onTargets(targets: readonly string[]): string {
  const ids = targets.map(targetId);
  const more = ids.length > mostTargets ? ` and ${ids.length - mostTargets} more` : '';
  return ids.length === 0 ? '' : ` ${ids.slice(0, mostTargets).join(', ')}${more}`;
}

function doneIn(detail: Attempt, make: MakeStep, known: Known): Step {
  const {
    activity = unknown,
    run,
    kind,
    key = '',
    result,
    summary,
    simulated,
    approval,
    attempt = 1,
  } = detail;
  const { changed, ...rest } = (result ?? {}) as Record<string, unknown>;
  if (kind === 'read') {
    const about = asked(detail.input);
    const found = fieldsOf(rest);
    return make('read', `${activity}${about === '' ? '' : ` ${about}`}${found === '' ? '' : `: ${found}`}`, {
      run,
      activity,
    });
  }
  const { input, targets = [] } = known.intents.get(key) ?? {};
  const links = linksIn(rest);
  const about = { run, activity, target: targets[0], links };
  const on = onTargets(targets);
  if (changed === false) return make('unchanged', `${activity}${on}: it was so already`, about);
  const yes = approval === undefined ? undefined : known.approvedBy.get(approval);
  const what = summary ?? fieldsOf(rest);
  const parts = [
    what,
    wordsIn(input, what),
    ...(approval === undefined ? [] : [`approved by ${yes?.join(' and ') || `the approval ${approval}`}`]),
    ...(attempt > 1 ? [`at the ${ordinal(attempt)} attempt`] : []),
    ...(simulated ? ['simulated'] : []),
  ].filter((part) => part !== '');
  return make('changed', `${activity}${on}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`, about);
}

function failedIn(
  detail: Partial<Details['activity.refused']>,
  isRefused: boolean,
  make: MakeStep,
  known: Known,
): Step {
  const { activity = unknown, run, key = '', attempt = 1, failure, input, held } = detail;
  const intent = known.intents.get(key);
  const targets = intent?.targets ?? [];
  const on = onTargets(targets) || (asked(input ?? intent?.input) && ` ${asked(input ?? intent?.input)}`);
  const words = failureInWords(failure).replace(/^\S+: (?=\S+: )/, '');
  const after = held?.retryAt === undefined ? '' : `; it may be tried again after ${dated(held.retryAt)}`;
  const how = held
    ? `is held by the guard ${held.guard}`
    : isRefused
      ? 'is refused'
      : `failed${attempt > 1 ? ` at the ${ordinal(attempt)} attempt` : ''}`;
  return make('problem', `${activity}${on} ${how}: ${words}${after}`, {
    run,
    activity,
    target: targets[0],
    ...(held ? { show: ['decisions' as const] } : {}),
  });
}

/** The words that a person reads at the provider: of a note, a message, a comment. */
const wordFields = ['note', 'text', 'message', 'comment', 'description', 'evidence'] as const;

function wordsIn(input: unknown, told: string): string {
  const fields = (input ?? {}) as Record<string, unknown>;
  const words = wordFields
    .map((name) => fields[name])
    .find((text) => typeof text === 'string' && text !== '');
  if (words === undefined) return '';
  // Some summaries hold them already.
  const isTold = told.includes(shortened(String(words), 40).replace(/…$/, ''));
  return isTold ? '' : `"${shortened(String(words))}"`;
}

/** What a call was about: the ids and names in its input. */
function asked(input: unknown): string {
  const named = Object.entries((input ?? {}) as Record<string, unknown>).flatMap(([name, value]) => {
    if (name === 'connection' || !/(?:Id|Ids|Key|Name|^key|^name|^namespace|^email)$/.test(name)) return [];
    const texts = Array.isArray(value) ? value : [value];
    return texts.filter((text): text is string => typeof text === 'string' && text !== '');
  });
  const shown = named.slice(0, mostTargets).join(', ');
  return named.length > mostTargets ? `${shown} and ${named.length - mostTargets} more` : shown;
}

const fieldsShown = 3;
const longestField = 60;

/**
 * The plain fields that say something to a person, as `name value`. Ids of the provider's own, digests and times are for the whole
 * record, as are lists and objects. What is empty says nothing.
 */
export function fieldsOf(detail: Readonly<Record<string, unknown>>): string {
  const plain = Object.entries(detail).filter(
    ([name, value]) =>
      (typeof value === 'string' || typeof value === 'number' || value === true) &&
      value !== '' &&
      !/^(id|ts|at|permalink|url|digest)$|(Id|At|Key)$/.test(name),
  );
  return plain
    .slice(0, fieldsShown)
    .map(([name, value]) => (value === true ? name : `${name} ${shortened(String(value), longestField)}`))
    .join(', ');
}

/** Where what was made can be looked at. */
function linksIn(result: Readonly<Record<string, unknown>>): StepLink[] {
  const { url, permalink, key, name } = result;
  const [first] = [url, permalink].filter((each): each is string => typeof each === 'string');
  if (first === undefined) return [];
  const text = [key, name].find((each) => typeof each === 'string');
  return [
    { text: text === undefined ? (permalink === first ? 'message' : 'look') : String(text), url: first },
  ];
}
