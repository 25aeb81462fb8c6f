import { ApplicationFailure } from '@temporalio/common';
import type { Held } from '../domain/guard.ts';
import { defaultConnection } from '../domain/subject.ts';

/**
 * What became of the effect when an attempt failed: `none` (certainly not made) or `unknown` (it may have been).
 * An unknown one is never repeated blindly (design §7).
 */
export type FailedEffect = 'none' | 'unknown';

/**
 * The classes of failure that an activity may throw. The first two are tried again, `AnswerUnreadable` three times in all; the
 * others are final.
 */
export type FailureClass =
  | 'ProviderUnavailable'
  | 'RateLimited'
  | 'AnswerUnreadable'
  | 'ProviderRefused'
  | 'NotConnected'
  | 'InvalidInput'
  | 'Conflict'
  | 'Held'
  | 'Busy';

/** What goes with a failure, for the record, for metrics and for whoever decides about a retry. */
export interface FailureDetail {
  provider: string;
  /** HTTP status, where there was an answer. */
  status?: number;
  effect: FailedEffect;
  /** When an earlier attempt began that may have made it. */
  uncertainSince?: string;
  /** How long the provider wants to be left alone. Temporal tells a workflow of no `nextRetryDelay`, so it stands here too. */
  waitMs?: number;
  /** The guard that holds it, and when it may be tried again. */
  held?: Omit<Held, 'reason'>;
  /** The provider's reasons that it gives for no field of the request in particular. */
  messages?: string[];
  /** The fields of the request that the provider names as the reason. */
  fields?: Record<string, string>;
}

/** The HTTP status with which a provider has refused; undefined: there was no answer, or it is no failure of a provider. */
export const statusOf = (error: unknown): number | undefined =>
  error instanceof ApplicationFailure ? (error.details?.[0] as FailureDetail | undefined)?.status : undefined;

/** A provider, or whoever answers in its place, is not to hold a run for longer than this with one header. */
const longestWaitMs = 3_600_000;
/** What answers unreadably (a proxy's page, a deploy) mostly does so for some seconds. */
const unreadableWaitMs = 2_000;
/** How often an answer may be unreadable before that is the result. */
export const unreadableTries = 3;

/** Statuses after which the same request may yet succeed. */
const isPassing = (status: number) => status === 408 || status >= 500;

const retried: readonly FailureClass[] = ['ProviderUnavailable', 'RateLimited', 'AnswerUnreadable', 'Busy'];

function failure(type: FailureClass, message: string, detail: FailureDetail, retryAfterSeconds?: number) {
  const waitMs =
    retryAfterSeconds === undefined
      ? undefined
      : Math.min(Math.max(Math.ceil(retryAfterSeconds * 1000), 0), longestWaitMs);
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: !retried.includes(type),
    details: [waitMs === undefined ? detail : { ...detail, waitMs }],
    ...(waitMs === undefined ? {} : { nextRetryDelay: waitMs }),
  });
}

/**
 * The failure for an answer that is not a success. `reason` is the provider's own word for it, never its whole answer:
 * headers and URLs can hold secrets. `retryAfterSeconds` is what the provider asked us to wait.
 */
export function providerFailure(
  provider: string,
  status: number,
  reason: string,
  retryAfterSeconds?: number,
): ApplicationFailure {
  if (status === 429) {
    const message = `${provider} limits the rate: ${reason}`;
    return failure('RateLimited', message, { provider, status, effect: 'none' }, retryAfterSeconds ?? 30);
  }
  if (isPassing(status)) {
    const message = `${provider} is unavailable (${status}): ${reason}`;
    return failure(
      'ProviderUnavailable',
      message,
      { provider, status, effect: 'unknown' },
      retryAfterSeconds,
    );
  }
  if (status === 409) return conflict(provider, reason, status);
  const plan = status === 402 ? ' (the account’s plan lacks it)' : '';
  const message = `${provider} refused (${status})${plan}: ${reason}`;
  return failure('ProviderRefused', message, { provider, status, effect: 'none' });
}

/** Not asked, as it would have been too much: try again after `seconds`. */
export function limited(provider: string, reason: string, seconds: number): ApplicationFailure {
  return failure('RateLimited', `${provider}: ${reason}`, { provider, effect: 'none' }, seconds);
}

/** Not asked, as this worker makes as many calls to the provider as it may at a time: try again after `seconds`. */
export function crowded(provider: string, seconds: number): ApplicationFailure {
  const message = `${provider}: as many calls as may be are under way, and none has ended; this one waits for its turn`;
  return failure('Busy', message, { provider, effect: 'none' }, seconds);
}

/** Whether it was sent away by Baton itself, to wait for its turn: nothing was asked of the provider, which would have given a status. */
export function waitsForItsTurn(error: unknown): error is ApplicationFailure {
  if (!(error instanceof ApplicationFailure)) return false;
  return (error.type === 'RateLimited' || error.type === 'Busy') && statusOf(error) === undefined;
}

/** Nothing was changed, and it cannot be told yet whether it may be: look again after `seconds`. */
export function notYet(provider: string, reason: string, seconds: number): ApplicationFailure {
  return failure('ProviderUnavailable', `${provider}: ${reason}`, { provider, effect: 'none' }, seconds);
}

/** No answer came: refused, cut, timed out. Whether the provider acted is unknown. */
export function unreachable(provider: string, reason: string): ApplicationFailure {
  const message = `${provider} is unavailable: ${reason}`;
  return failure('ProviderUnavailable', message, { provider, effect: 'unknown' });
}

/**
 * An answer came, with a success's status, and cannot be read: HTML, a cut body, another shape. It may be a proxy's, so whether the
 * provider acted is unknown. It is no outage: the worker makes it final at the third try.
 */
export function unreadable(
  provider: string,
  what = 'its answer cannot be read',
  effect: FailedEffect = 'unknown',
): ApplicationFailure {
  const message = `${provider} answers, and ${what}`;
  return failure('AnswerUnreadable', message, { provider, effect }, unreadableWaitMs / 1000);
}

/** The same, said for good. */
export function unreadableForGood({ message, details }: ApplicationFailure): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'AnswerUnreadable',
    message: `${message} (${unreadableTries} tries)`,
    nonRetryable: true,
    details: details ?? [],
  });
}

/** The same, where it came after a change: that was made, and whoever forgot it would make it twice. */
export function afterChange(error: unknown): unknown {
  if (!(error instanceof ApplicationFailure)) return error;
  const { type, message, nonRetryable, details } = error;
  return ApplicationFailure.create({
    ...(type ? { type } : {}),
    message,
    nonRetryable: nonRetryable === true,
    details: [{ ...(details?.[0] as FailureDetail | undefined), effect: 'unknown' }],
  });
}

/** The world is in a state in which this must not be done, or is not what was expected. */
export function conflict(provider: string, reason: string, status?: number): ApplicationFailure {
  const detail: FailureDetail = { provider, effect: 'none', ...(status === undefined ? {} : { status }) };
  return failure('Conflict', `${provider} sees a conflict: ${reason}`, detail);
}

/** The input is wrong, or its target lies outside what the connection allows. Thrown before any call. */
export function invalidInput(provider: string, reason: string): ApplicationFailure {
  return failure('InvalidInput', `Invalid input for ${provider}: ${reason}`, { provider, effect: 'none' });
}

/** `variable` is the setting (design §5) that would connect it. */
export function notConnected(
  provider: string,
  variable: string,
  connection = defaultConnection,
): ApplicationFailure {
  return unconnected(provider, `${named(provider, connection)} is not connected: set ${variable}`);
}

/** There is no such connection. */
export function noConnection(provider: string, connection: string): ApplicationFailure {
  return unconnected(provider, `${provider} has no connection named "${connection}"`);
}

/** A setting has no value that could be used. `complaint` names it and says what it should be, and not what it is. */
export function settingUnusable(provider: string, complaint: string, connection: string): ApplicationFailure {
  return unconnected(provider, `${named(provider, connection)} is not connected: ${complaint}`);
}

const named = (provider: string, connection: string) =>
  connection === defaultConnection ? provider : `${provider} (connection "${connection}")`;

const unconnected = (provider: string, message: string) =>
  failure('NotConnected', message, { provider, effect: 'none' });

/** The provider said no for this reason, and would say it again. */
export function refused(provider: string, reason: string, status?: number): ApplicationFailure {
  const detail: FailureDetail = { provider, effect: 'none', ...(status === undefined ? {} : { status }) };
  return failure('ProviderRefused', `${provider} refused: ${reason}`, detail);
}

/**
 * Refused before any call: a guard holds the change. Of a destructive one that is final: what is right now need not be so once it is let
 * go. Any other waits for the kill switch.
 */
export function heldBack(
  provider: string,
  { reason, ...held }: Held,
  { waits, effect }: { waits: boolean; effect: FailedEffect },
): ApplicationFailure {
  const detail: FailureDetail = { provider, effect, held };
  return waits
    ? ApplicationFailure.create({
        type: 'Held' satisfies FailureClass,
        message: reason,
        details: [{ ...detail, waitMs: heldWaitMs }],
        nextRetryDelay: heldWaitMs,
      })
    : failure('Held', reason, detail);
}

/** So soon a change goes on once the kill switch is released. */
const heldWaitMs = 3_000;
