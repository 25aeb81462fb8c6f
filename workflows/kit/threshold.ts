import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { isWorse, type Level, levels } from '../../domain/level.ts';
import type { Severity } from '../../domain/page.ts';

/** From which value on it is how bad. Where the worse limits are the lower ones, lower values are worse. */
export interface Limits extends Partial<Readonly<Record<Severity, number>>> {
  /** The value must be better than a limit by so much before that level is over. Left out: 0. */
  hysteresis?: number;
  /** A value must be beyond a limit for so long, without a break, before it counts. Left out: at once. */
  for?: Duration;
  /** Lower values are worse: has to be said where there is only one limit. */
  below?: true;
}

/** How bad it is, with what the next value needs: since when, in milliseconds, each level has been reached without a break. */
export interface Reached {
  level: Level;
  since: Partial<Readonly<Record<Severity, number>>>;
}

const well: Reached = { level: 'normal', since: {} };
const severitiesUp = levels.filter((level) => level !== 'normal');

/**
 * How bad a value is, where the one before it was as bad as `before`. Pure: the same values at the same times give the same levels. It gets worse once a limit is
 * reached for as long as `for`, and better once it is left by more than `hysteresis`. A value that is no number tells nothing, so all stays as it was.
 *
 *     state = threshold(errorRate, { warning: 2, critical: 5, hysteresis: 0.5, for: '2 minutes' }, state, Date.now());
 */
export function threshold(value: number, limits: Limits, before: Reached = well, at = 0): Reached {
  if (Number.isNaN(value)) return before;
  const { hysteresis = 0, for: hold = 0 } = limits;
  const sign = isBelow(limits) ? -1 : 1;
  const isBeyond = (severity: Severity, by: number) => {
    const limit = limits[severity];
    return limit !== undefined && sign * value >= sign * limit - by;
  };
  // A level that was reached is left later than it is reached.
  const isHeld = (severity: Severity) => isBeyond(severity, isWorse(severity, before.level) ? 0 : hysteresis);
  const reached = severitiesUp.filter(isHeld);
  const since = Object.fromEntries(reached.map((severity) => [severity, before.since[severity] ?? at]));
  const counts = reached.filter(
    (severity) => !isWorse(severity, before.level) || at - (since[severity] ?? at) >= msToNumber(hold),
  );
  return { level: counts.at(-1) ?? 'normal', since };
}

const isBelow = (limits: Limits): boolean => {
  const [first, second] = severitiesUp.flatMap((severity) => limits[severity] ?? []);
  return limits.below === true || (first !== undefined && second !== undefined && second < first);
};

/** What is wrong with limits, and what to do; undefined where nothing is. */
export function faultOfLimits(limits: Limits): string | undefined {
  const given = severitiesUp.flatMap((severity) => limits[severity] ?? []);
  if (given.length === 0) return 'has no limit. Name one: { critical: 5 }';
  if (!given.every(Number.isFinite)) return 'has a limit that is no number';
  const sign = isBelow(limits) ? -1 : 1;
  const isInOrder = given.every(
    (limit, index) => index === 0 || sign * limit > sign * (given[index - 1] ?? 0),
  );
  if (!isInOrder) return 'has limits in no order: each worse one lies beyond the one before it';
  const { hysteresis = 0 } = limits;
  if (!(Number.isFinite(hysteresis) && hysteresis >= 0))
    return `has no fitting hysteresis, ${hysteresis}. Use a number from 0 on`;
  if (limits.for !== undefined && !(timeOf(limits.for) >= 0))
    return `has no fitting for, ${limits.for}. Write it as '2 minutes'`;
  return undefined;
}

/** In milliseconds; NaN where it is no time. */
export function timeOf(duration: Duration): number {
  try {
    return msToNumber(duration);
  } catch {
    return Number.NaN;
  }
}

type Of = Level | boolean;
const rankOf = (of: Of) => (typeof of === 'boolean' ? Number(of) : levels.indexOf(of));

/** How bad it is where `k` of them have to be so: the `k`th worst. Of conditions, whether so many hold. */
export function atLeast<Each extends Of>(k: number, ...all: readonly Each[]): Each {
  const found = [...all].sort((one, other) => rankOf(other) - rankOf(one))[k - 1];
  if (found === undefined)
    throw new RangeError(
      `At least ${k} of ${all.length} can never be told: use a whole number from 1 to as many as there are`,
    );
  return found;
}

/** As bad as the worst of them; of conditions, whether one holds. */
export const anyOf = <Each extends Of>(...all: readonly Each[]): Each => atLeast(1, ...all);

/** As bad as the best of them; of conditions, whether all hold. */
export const allOf = <Each extends Of>(...all: readonly Each[]): Each => atLeast(all.length, ...all);
