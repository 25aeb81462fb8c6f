import { nearestOf } from '../../domain/nearest.ts';
import type { PersonRequest } from '../../domain/person-request.ts';
import { isNumber, markWritten } from '../../domain/subject.ts';
import { restHelp, restOf } from './snooze-time.ts';
import { readTrigger } from './trigger-words.ts';
import { addressIn, mentionIn, plainText, shown, unquoted, type Word, wordsOf } from './words.ts';

/** The command's name in Slack, as the manifest declares it. */
export const slashCommand = '/baton';

/** Which form is asked for, and what is known already. */
export type FormAsked =
  | { form: 'note' | 'update' | 'snooze'; incident?: string }
  | { form: 'change' }
  | { form: 'run'; workflow: string; incident?: string; input: Record<string, string>; reason?: string };

/** What somebody has typed: something to carry out, a form to open, or what they are to read (help, or what was wrong). */
export type Typed = { request: PersonRequest } | { ask: FormAsked } | { say: string };

type Read = { request: PersonRequest } | { ask: FormAsked } | { wrong: string };

interface Command {
  usage: string;
  about: string;
  /** Reads what stands behind the command's name. `incident`: the one that was named first. */
  read(words: readonly Word[], incident: string | undefined): Read;
}

/** As `publishPagerDutyStatusUpdate` takes it. */
export const longestUpdate = 2_000;
/** Slack cuts what is typed long before. */
const longestText = 5_000;

const at = (incident: string | undefined) => (incident === undefined ? {} : { incident });

/** A command that takes an incident and nothing else. */
const bare =
  (what: 'acknowledge' | 'resolve' | 'escalate' | 'status' | 'on-call') =>
  ([extra]: readonly Word[], incident: string | undefined): Read =>
    extra === undefined
      ? { request: { do: what, ...at(incident) } }
      : {
          wrong: `it takes an incident (#42, or its id) and nothing else, and "${shown(extra.text)}" is none`,
        };

const commands: Readonly<Record<string, Command>> = {
  ack: {
    usage: 'ack [#42]',
    about: 'acknowledges the incident as you',
    read: bare('acknowledge'),
  },
  resolve: { usage: 'resolve [#42]', about: 'resolves the incident as you', read: bare('resolve') },
  snooze: {
    usage: 'snooze [#42] 30m',
    about:
      'lets an acknowledged incident rest: 30m, 2h, 1d, at most 7d; or until 09:00, until 09:00 tomorrow, where you are',
    read: readSnooze,
  },
  escalate: {
    usage: 'escalate [#42]',
    about: 'pages the next level of the escalation policy',
    read: bare('escalate'),
  },
  reassign: {
    usage: 'reassign [#42] @ada [@ben]',
    about: 'gives the incident to these people',
    read(words, incident) {
      const people = mentionsIn(words);
      if ('wrong' in people) return people;
      return { request: { do: 'reassign', slackUserIds: people.ids, ...at(incident) } };
    },
  },
  priority: {
    usage: 'priority [#42] P2',
    about: 'sets the priority of the incident',
    read([first], incident) {
      const priority = plainText(first?.rest ?? '');
      if (priority === '' || priority.length > 100) return { wrong: 'it takes the name of a priority' };
      return { request: { do: 'priority', priority: unquoted(priority), ...at(incident) } };
    },
  },
  note: {
    usage: 'note [#42] what you saw',
    about: 'adds a note to the incident as you; without a text it opens a form',
    read([first], incident) {
      const text = plainText(first?.rest ?? '');
      if (text === '') return { ask: { form: 'note', ...at(incident) } };
      return { request: { do: 'note', text: unquoted(text), ...at(incident) } };
    },
  },
  update: {
    usage: 'update [#42] what stakeholders are to know',
    about: 'publishes a status update to those who follow the incident; without a text it opens a form',
    read([first], incident) {
      const text = unquoted(plainText(first?.rest ?? ''));
      if (text === '') return { ask: { form: 'update', ...at(incident) } };
      if (text.length > longestUpdate)
        return { wrong: `a status update takes ${longestUpdate} characters, and this has ${text.length}` };
      return { request: { do: 'update', text, ...at(incident) } };
    },
  },
  change: {
    usage: 'change "Search API" what was changed [https://link]',
    about: 'tells PagerDuty of a change to a service; without a text it opens a form',
    read: readChange,
  },
  responders: {
    usage: 'responders [#42] @ada [@ben] [why]',
    about: 'asks people to join the incident',
    read(words, incident) {
      const others = words.findIndex(({ text }) => mentionIn(text) === undefined);
      const people = mentionsIn(others < 0 ? words : words.slice(0, Math.max(others, 1)));
      if ('wrong' in people) return people;
      const message = others < 0 ? '' : plainText(words[others]?.rest ?? '');
      return {
        request: {
          do: 'responders',
          slackUserIds: people.ids,
          ...(message === '' ? {} : { message }),
          ...at(incident),
        },
      };
    },
  },
  run: {
    usage: 'run [#42] workflow [name=value …] because why',
    about: 'starts a workflow; what it needs and you do not say, a form asks for, the reason too',
    read: readRun,
  },
  status: {
    usage: 'status [#42]',
    about: 'says how the incident stands, what runs and what waits for whom',
    read: bare('status'),
  },
  approve: {
    usage: 'approve [#42 or approval] [why]',
    about:
      'approves what a run waits for, by its id; without one it decides nothing, and shows what waits, with buttons',
    read: readAnswer('approve'),
  },
  refuse: {
    usage: 'refuse [#42 or approval] [why]',
    about:
      'refuses what a run waits for, by its id; without one it decides nothing, and shows what waits, with buttons',
    read: readAnswer('refuse'),
  },
  stop: {
    usage: 'stop [#42 or run] [why]',
    about:
      'stops a run: without its id, the one that changes something on the incident; of several you choose',
    read([first, second], incident) {
      const isId = first !== undefined && !first.quoted && first.text.includes('/');
      if (isId && incident !== undefined)
        return {
          wrong: 'it takes the incident or the run, and not both, which may be of different incidents',
        };
      const reason = plainText((isId ? second : first)?.rest ?? '');
      return {
        request: {
          do: 'stop',
          ...(isId ? { runId: plainText(first.text) } : {}),
          ...(reason === '' ? {} : { reason }),
          ...at(incident),
        },
      };
    },
  },
  trigger: {
    usage: 'trigger [name [observe|propose|approve|off why]]',
    about:
      'says how a trigger stands, why, and what it has said to the last events, or lowers it at once; without a name it lists all',
    read: readTrigger,
  },
  oncall: { usage: 'oncall [#42]', about: 'says who is on call for the incident', read: bare('on-call') },
  'link-me': {
    usage: 'link-me',
    about:
      'tells you a code by which you prove who you are in PagerDuty, where your e-mail address there is another one',
    read: ([extra], incident) =>
      extra === undefined && incident === undefined
        ? { request: { do: 'link' } }
        : { wrong: 'it takes nothing else: a code is written as a note in PagerDuty, and not here' },
  },
};

/** Other words for a command. */
const aliases: Readonly<Record<string, string>> = {
  acknowledge: 'ack',
  'on-call': 'oncall',
  reject: 'refuse',
  deny: 'refuse',
  link: 'link-me',
  triggers: 'trigger',
};

const names = [...Object.keys(commands), 'help'];

/** Reads what stands behind `/baton`, as Slack sends it with `should_escape`. Pure: who may do it is asked when it is carried out. */
export function readCommand(text: string): Typed {
  if (text.length > longestText)
    return { say: `This is longer than the ${longestText} characters that Baton reads. Say it in fewer.` };
  const [verb, ...rest] = wordsOf(text);
  if (!verb) return { say: helpText() };
  const asked = plainText(verb.text).toLowerCase();
  const name = aliases[asked] ?? asked;
  if (name === 'help') return { say: helpText(plainText(rest[0]?.text ?? '')) };
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) return { say: unknownCommand(asked) };
  const incident = incidentIn(rest[0], name);
  const mistyped = incident === undefined ? mistypedIncident(rest, name) : undefined;
  const read =
    mistyped === undefined
      ? command.read(incident === undefined ? rest : rest.slice(1), incident)
      : { wrong: mistyped };
  if (!('wrong' in read)) return read;
  return {
    say: `Nothing was done: ${read.wrong}.\nWrite \`${slashCommand} ${command.usage}\`: ${command.about}.`,
  };
}

function unknownCommand(asked: string): string {
  // Of a short word so much may not differ that any other one is as near.
  const most = Math.min(3, Math.ceil(asked.length / 2));
  const near = nearestOf(asked, [...names, ...Object.keys(aliases)], most);
  const meant = near === undefined ? '' : ` Did you mean \`${slashCommand} ${near}\`?`;
  return `Nothing was done: there is no command "${shown(asked)}".${meant} \`${slashCommand} help\` lists them.`;
}

/** All commands, or one of them. */
export function helpText(about = ''): string {
  const asked = about.toLowerCase();
  const name = aliases[asked] ?? asked;
  const one = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (one) return `\`${slashCommand} ${one.usage}\`: ${one.about}.`;
  const lines = Object.values(commands).map((each) => `• \`${slashCommand} ${each.usage}\`: ${each.about}`);
  return [
    ...(asked === '' || asked === 'help' ? [] : [unknownCommand(asked)]),
    'Without #42 (or an incident’s id; eu#42 in another account) it is about the incident of the channel. Names with spaces stand in "quotes".',
    ...lines,
  ].join('\n');
}

/** A short id may be a word in capitals (PROBLEM), and an id as long as the others cannot. */
const mayBeWord = (id: string) => /(?:^|[-/])P[A-Z]{6}$/.test(id);
/** What may begin a text of words, and so is an id only where it cannot be a word. */
const takesText: readonly string[] = [
  'note',
  'update',
  'responders',
  'approve',
  'refuse',
  'stop',
  'priority',
  'change',
];

/** The incident that a command names first: `#42`, or an id. Where Slack took `#42` for a channel of that name, the number is meant. */
function incidentIn(word: Word | undefined, command: string): string | undefined {
  if (!word || word.quoted) return undefined;
  const text = word.text
    .replace(/^<#[A-Z0-9]{1,30}\|(\d{1,9})>/, '#$1')
    .replace(/^([a-z0-9-]{0,40}#\d{1,9})[:,;.]$/, '$1');
  // A bare number is a time or a name, and a run has a slash before its incident.
  const mark = isNumber(text) ? undefined : markWritten(text);
  if (mark === undefined || (command === 'stop' && text.includes('/'))) return undefined;
  return takesText.includes(command) && mayBeWord(text) ? undefined : mark;
}

/** As many letters and digits as an id has, but for small letters or one that is missing or too much. */
const nearlyId = /^(?=[a-z/-]*\d)(?:[a-z0-9][a-z0-9-]{0,39}[-/])?q[a-z0-9]{12,14}$/i;

/**
 * What is wrong with a first word that looks like an incident and names none, as `#4211x`: it would else be taken for a part of a text, and so
 * be about the incident of the channel. Undefined: it does not look like one.
 */
function mistypedIncident([word, next]: readonly Word[], command: string): string | undefined {
  if (!word || word.quoted) return undefined;
  const plain = plainText(word.text);
  const isRun = command === 'stop' && plain.includes('/');
  const [, number] = /^#(\d{1,9})(?!\d)/.exec(plain) ?? [];
  const meant =
    number !== undefined
      ? `#${number}`
      : isNumber(plain) && takesNoNumber(command, next)
        ? `#${plain}`
        : undefined;
  if (meant === undefined && (isRun || !nearlyId.test(plain))) return undefined;
  const upper = plain.replace(/[^-/]*$/, (id) => id.toUpperCase());
  const instead = meant ?? (markWritten(upper) === undefined ? undefined : upper);
  const quotes = takesText.includes(command) ? ' A text that begins so stands in "quotes"' : '';
  return `"${shown(plain)}" is no incident.${instead === undefined ? '' : ` Did you mean ${instead}?`}${quotes}`;
}

/** Where a bare number can only be meant as an incident. */
const takesNoNumber = (command: string, next: Word | undefined) =>
  command === 'snooze'
    ? next !== undefined && restOf(plainText(next.rest)) !== undefined
    : !takesText.includes(command);

function mentionsIn(words: readonly Word[]): { ids: string[] } | { wrong: string } {
  if (words.length === 0) return { wrong: 'it names nobody' };
  const ids = words.map(({ text }) => mentionIn(text));
  const other = words[ids.indexOf(undefined)];
  if (other)
    return {
      wrong: `"${shown(other.text)}" is nobody whom Baton could tell: type @ and choose the person from the list that Slack shows`,
    };
  return { ids: [...new Set(ids.filter((id) => id !== undefined))].slice(0, 20) };
}

function readSnooze([first]: readonly Word[], incident: string | undefined): Read {
  if (!first) return { ask: { form: 'snooze', ...at(incident) } };
  const said = plainText(first.rest);
  const rest = restOf(said);
  if (!rest) return { wrong: `"${shown(first.rest)}" ${restHelp(said)}` };
  return { request: { do: 'snooze', ...rest, ...at(incident) } };
}

function readChange(words: readonly Word[], incident: string | undefined): Read {
  if (incident !== undefined) return { wrong: 'it is about a service, and not about an incident' };
  const [service, ...said] = words;
  if (!service) return { ask: { form: 'change' } };
  const last = said.at(-1);
  const link = last && addressIn(last.text);
  const all = said[0]?.rest ?? '';
  const text = plainText(link === undefined || !last ? all : all.slice(0, all.length - last.rest.length));
  if (text === '') return { wrong: 'it takes the name of a service, and what was changed' };
  return {
    request: {
      do: 'change',
      service: plainText(service.text),
      text: unquoted(text),
      ...(link === undefined ? {} : { link }),
    },
  };
}

function readRun([name, ...said]: readonly Word[], incident: string | undefined): Read {
  if (!name) return { wrong: 'it takes the name of a workflow' };
  const input: Record<string, string> = {};
  for (const word of said) {
    if (!word.quoted && /^(?:because$|reason:)/i.test(word.text)) {
      const reason = unquoted(plainText(word.rest.replace(/^(?:because|reason:)/i, '')));
      return { ask: { ...runOf(name, input, incident), ...(reason === '' ? {} : { reason }) } };
    }
    const equals = word.text.indexOf('=');
    if (equals < 1)
      return { wrong: `"${shown(word.text)}" is no name=value. A reason stands behind "because"` };
    input[word.text.slice(0, equals)] = plainText(word.text.slice(equals + 1));
  }
  return { ask: runOf(name, input, incident) };
}

const runOf = (name: Word, input: Record<string, string>, incident: string | undefined) => ({
  form: 'run' as const,
  workflow: plainText(name.text),
  input,
  ...at(incident),
});

/** Baton's ids of approvals: no word of a language looks like one. */
const approvalPattern = /^(?=[a-z]*\d)[a-z0-9]{20,26}$/;

function readAnswer(what: 'approve' | 'refuse') {
  return ([first, second]: readonly Word[], incident: string | undefined): Read => {
    const isId = first !== undefined && !first.quoted && approvalPattern.test(first.text);
    if (isId && incident !== undefined)
      return {
        wrong: 'it takes the incident or the approval, and not both, which may be of different incidents',
      };
    const reason = plainText((isId ? second : first)?.rest ?? '');
    return {
      request: {
        do: what,
        ...(isId ? { approvalId: first.text } : {}),
        ...(reason === '' ? {} : { reason: unquoted(reason) }),
        ...at(incident),
      },
    };
  };
}
