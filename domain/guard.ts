import { type Takeover, takenOverInWords } from './takeover.ts';

/**
 * What holds a change back before it is made. Of a destructive one all of them are asked, in one transaction over all of its targets; of any
 * other change only the kill switch, and what only calls or informs people only one that names its provider.
 */

/** How long a target is left alone after a destructive effect. */
export interface CoolDown {
  seconds: number;
  /** The run that made the last one may make this one after it, again and again: it is one plan of a reviewed runbook. */
  repeats: boolean;
}

/** The limits of one destructive change. */
export interface Limits {
  coolDown: CoolDown;
  /** So often a target is changed in one incident, and within 24 hours. */
  perIncident: number;
  perDay: number;
  /** After so many times within so many days it stops, until a person lifts that: what comes back is not mended by it. */
  stopsAfter: { times: number; days: number };
  /** Of these targets so many are changed within the cool-down. */
  group?: Group;
}

export interface Group {
  targets: readonly string[];
  most: number;
}

export const defaultLimits: Limits = {
  coolDown: { seconds: 15 * 60, repeats: false },
  perIncident: 2,
  perDay: 6,
  stopsAfter: { times: 10, days: 7 },
};

/** So many runs of a workflow that fail one after the other within so many hours open its breaker. */
export const breakerAfter = { failures: 5, hours: 24 } as const;

/** What is kept as a row: it holds until its time is over, or until a person lifts it. */
export const holdKinds = ['kill-switch', 'freeze', 'breaker', 'repeats'] as const;
export type HoldKind = (typeof holdKinds)[number];

/** To what a hold is limited. What is left out limits nothing. */
export interface HoldScope {
  provider?: string;
  /** The workflow of the run that makes the change. */
  workflow?: string;
  /** The service of the run's incident: its id, of another account than that of `default` `<connection>/<id>`. */
  service?: string;
  activity?: string;
  target?: string;
}

export interface Hold extends HoldScope {
  id: number;
  kind: HoldKind;
  reason: string;
  /** As record entries name who acted. */
  by: string;
  /** ISO times. */
  from: string;
  until?: string;
  liftedAt?: string;
  liftedBy?: string;
  liftedBecause?: string;
}

/** The last destructive effect on a target by another key. */
export interface EarlierEffect {
  target: string;
  runId: string;
  activity: string;
  /** ISO time. */
  at: string;
  /** False: whether it was made is unknown. */
  certain: boolean;
  /** Its run has not ended, and may still look after the target. */
  live: boolean;
}

/** Which guard holds a change, with what it has seen. */
export type HeldBy =
  | { guard: 'cool-down'; earlier: EarlierEffect; seconds: number }
  | { guard: 'attempts'; target: string; made: number; within: 'incident' }
  | { guard: 'attempts'; target: string; made: number; within: 'day'; since: string }
  | {
      guard: 'blast-radius';
      asked: number;
      changed: number;
      most: number;
      of: number;
      since?: string;
      seconds: number;
    }
  | { guard: 'maintenance'; window: string; until: string }
  | ({ guard: 'person' } & Takeover)
  /** Without an id: what would be set if the change were tried. */
  | { guard: HoldKind; hold: Pick<Hold, 'reason' | 'by' | 'until'> & { id?: number } };
export type Guard = HeldBy['guard'];
export const guards = [
  'cool-down',
  'attempts',
  'blast-radius',
  'maintenance',
  ...holdKinds,
] as const satisfies readonly Guard[];

/** A change that is held, in words. */
export interface Held {
  guard: Guard;
  reason: string;
  /** ISO time. Left out: when is not known, as a person has to lift it. */
  retryAt?: string;
  /** The run that has changed the target has not ended, and may still look after it. */
  isUnderWay?: true;
}

const dayMs = 86_400_000;

/** Why a change is held, and when it may be tried again. */
export function heldInWords(by: HeldBy, now = Date.now()): Held {
  const after = (time: string, ms: number) => new Date(Date.parse(time) + ms).toISOString();
  const { guard } = by;
  switch (guard) {
    case 'cool-down': {
      const retryAt = after(by.earlier.at, by.seconds * 1000);
      const reason = earlierInWords(by.earlier, retryAt, now);
      return { guard, reason, retryAt, ...(by.earlier.live ? { isUnderWay: true } : {}) };
    }
    case 'attempts': {
      const was = `${idOf(by.target)} was changed ${timesInWords(by.made)}`;
      if (by.within === 'incident')
        return { guard, reason: `${was} for this incident, and that did not mend it: a person is needed` };
      const retryAt = after(by.since, dayMs);
      return { guard, reason: `${was} within a day; the next change may be made after ${retryAt}`, retryAt };
    }
    case 'blast-radius': {
      const { asked, changed, most, of } = by;
      const limit = `at most ${most} of the ${of} in its group may be changed at a time`;
      if (by.since === undefined) return { guard, reason: `${limit}, and this would change ${asked}` };
      const retryAt = after(by.since, by.seconds * 1000);
      const reason = `${limit}, and ${changed} ${changed === 1 ? 'was' : 'were'} changed a short time ago; the next may be changed after ${retryAt}`;
      return { guard, reason, retryAt };
    }
    case 'maintenance': {
      const { window, until } = by;
      const reason = `the service of the incident is in the maintenance window ${window} until ${until}: people are at work there`;
      return { guard, reason, retryAt: until };
    }
    case 'person':
      return {
        guard,
        reason: `${takenOverInWords(by)}, and from then on its trigger leaves to people what is destructive`,
      };
    default:
      return { guard, ...holdInWords(guard, by.hold) };
  }
}

function holdInWords(
  guard: HoldKind,
  { id, reason, by, until }: Extract<HeldBy, { hold: unknown }>['hold'],
): { reason: string; retryAt?: string } {
  const what = {
    'kill-switch': `the kill switch is on since ${by} engaged it`,
    freeze: `there is a freeze by ${by}`,
    breaker: 'the breaker of its workflow is open',
    repeats: 'it was made too often to the same target',
  }[guard];
  const end = until === undefined ? '' : ` until ${until}`;
  return {
    reason: `${what}${end} (${reason})${id === undefined ? '' : `. An operator can lift it: baton changes allow ${id}`}`,
    ...(until === undefined ? {} : { retryAt: until }),
  };
}

function earlierInWords({ target, runId, activity, at, certain }: EarlierEffect, until: string, now: number) {
  const minutes = Math.max(0, Math.round((now - Date.parse(at)) / 60_000));
  const ago = minutes === 0 ? 'less than a minute ago' : `${minutes} minute${minutes === 1 ? '' : 's'} ago`;
  const done = certain ? `was changed by ${runId}` : `may have been changed by ${runId}`;
  return `${idOf(target)} ${done} (${activity}) ${ago}; the next such change may be made after ${until}`;
}

const idOf = (target: string) => target.slice(target.indexOf(':') + 1);
const timesInWords = (times: number) => (times === 1 ? 'once' : `${times} times`);
