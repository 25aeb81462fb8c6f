import type { Event } from '../event.ts';
import type { RecordRow } from '../record.ts';
import { oneLine } from '../text.ts';

/** Which parts of a story can be asked for, beside all of it. */
export const shows = ['story', 'people', 'changes', 'decisions', 'problems'] as const;
export type Show = (typeof shows)[number];

/** What a step is, and so by which parts of the story it is shown. */
export const stepKinds = [
  'event',
  'answer',
  'ignored',
  'started',
  'ended',
  'read',
  'changed',
  'unchanged',
  'planned',
  'asked',
  'decided',
  'said',
  'waits',
  'problem',
  'operation',
  'process',
  'log',
  'message',
] as const;
export type StepKind = (typeof stepKinds)[number];

export interface StepLink {
  text: string;
  url: string;
}

/** One step of an incident's story: what was done, to what, and why, in one sentence for whoever reads or hears it. */
export interface Step {
  at: string;
  /** As the record names who acts: `trigger:ec2-unhealthy`, `person:Ada Lopez`, `pagerduty`. */
  actor: string;
  kind: StepKind;
  show: readonly Show[];
  text: string;
  run?: string;
  activity?: string;
  target?: string;
  links: readonly StepLink[];
}

/** What earlier lines, and the events themselves, have told: a line alone names neither targets nor words. */
export interface Known {
  /** The stored events, by their ids. */
  events: ReadonlyMap<string, Event>;
  /** What a change was asked with, by the key of its effect. */
  intents: Map<string, { input?: unknown; targets?: readonly string[] | undefined }>;
  /** Who has said yes, by the approval. */
  approvedBy: Map<string, string[]>;
}

export const nothingKnown = (): Known => ({ events: new Map(), intents: new Map(), approvedBy: new Map() });

const alwaysShown: Readonly<Record<StepKind, readonly Show[]>> = {
  event: ['story'],
  answer: ['decisions'],
  ignored: ['story', 'decisions'],
  started: ['story', 'decisions'],
  ended: ['story'],
  read: [],
  changed: ['story', 'changes'],
  unchanged: [],
  planned: ['story', 'decisions'],
  asked: ['story', 'decisions'],
  decided: ['story', 'decisions', 'people'],
  said: ['story'],
  waits: ['story'],
  problem: ['story', 'problems'],
  operation: ['story', 'people'],
  process: ['story', 'problems'],
  log: [],
  message: ['people'],
};

/** What a step tells beside its words. */
export interface More {
  /** Who acts, where that is not whoever wrote the line. */
  actor?: string;
  run?: string | undefined;
  activity?: string | undefined;
  target?: string | undefined;
  links?: readonly StepLink[] | undefined;
  /** Parts by which it is shown beside those of its kind. */
  show?: readonly Show[];
}

export type MakeStep = (kind: StepKind, text: string, more?: More) => Step;

/** Makes the steps of one line. A person's own doing is always among what people did. */
export const stepsOf =
  ({ at, actor: writer }: Pick<RecordRow, 'at' | 'actor'>): MakeStep =>
  (kind, text, { actor = writer, run, activity, target, links = [], show = [] } = {}) => {
    const own: readonly Show[] = actor.startsWith('person:') ? ['people'] : [];
    return {
      at,
      actor,
      kind,
      show: [...new Set([...alwaysShown[kind], ...show, ...own])],
      text: oneLine(String(text)),
      ...(run === undefined ? {} : { run }),
      ...(activity === undefined ? {} : { activity }),
      ...(target === undefined ? {} : { target }),
      links: links.filter(({ url }) => /^https?:\/\//.test(url)),
    };
  };

/** In the place of what a line lacks: it may come from another version. */
export const unknown = '?';

/** A text that is long ends with an ellipsis. */
export const shortened = (text: string, most = 140): string => {
  const line = oneLine(text);
  return line.length > most ? `${line.slice(0, most - 1).trimEnd()}…` : line;
};

/** `2026-11-21T03:02:11.042Z` as `2026-11-21 03:02:11 UTC`. */
export const dated = (time: string): string => {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? time : `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
};
