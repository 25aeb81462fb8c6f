import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  rootCause,
} from '@temporalio/workflow';
import type { FailureDetail } from '../../activities/failures.ts';

/** Why an activity failed for good, in the terms of its class. */
export interface FinalFailure {
  /** `ProviderRefused`, `Conflict`, `TimedOut`, … */
  class: string;
  message: string;
}

/** The final failure of an activity; undefined for anything else, such as a cancellation or a fault in the workflow. */
export function failureOf(error: unknown): FinalFailure | undefined {
  if (!(error instanceof ActivityFailure) || isCancellation(error)) return undefined;
  const { cause } = error;
  const failureClass = cause instanceof ApplicationFailure ? (cause.type ?? 'Error') : 'TimedOut';
  return { class: failureClass, message: rootCause(error) ?? failureClass };
}

/**
 * Whether what an activity was to do may have been done, though it has failed for good: its answer was lost, or nobody knows how far it got. False for
 * what is no failure of an activity.
 */
export function mayBeDone(error: unknown): boolean {
  if (!(error instanceof ActivityFailure) || isCancellation(error)) return false;
  const failure = error.cause instanceof ApplicationFailure ? error.cause : error.cause?.cause;
  // It took too long, and no attempt has told how it went.
  if (!(failure instanceof ApplicationFailure)) return true;
  const [detail] = (failure.details ?? []) as Partial<FailureDetail>[];
  return detail?.effect !== 'none' || detail.uncertainSince !== undefined;
}

/** What could not be had, and why: a plan without it, a missing right, a provider that is not connected. */
export interface Unavailable {
  unavailable: string;
}

/** The result of `work`, or why there is none. Only final failures of activities are answers; all else passes through. */
export async function orUnavailable<Result>(work: () => Promise<Result>): Promise<Result | Unavailable> {
  try {
    return await work();
  } catch (error) {
    const failure = failureOf(error);
    if (!failure) throw error;
    return { unavailable: failure.message };
  }
}

/** People who wait for all hear of the rest while a provider is away. */
const patience = '20 seconds';

/** The same for a part that nobody waits long for. */
export async function inTime<Result>(read: () => Promise<Result>): Promise<Result | Unavailable> {
  const run = CancellationScope.current();
  try {
    return await CancellationScope.withTimeout(patience, () => orUnavailable(read));
  } catch (error) {
    if (!isCancellation(error) || run.consideredCancelled) throw error;
    return { unavailable: 'no answer in time' };
  }
}

/** For work that nobody waits for any more: only its cancellation is no failure. */
export function orCancelled(error: unknown): void {
  if (!isCancellation(error)) throw error;
}

/** Work in parts of which none spoils another: what could not be done is listed, so that people can be told. */
export interface Parts {
  /** One line each: the part, and why it could not be done. */
  readonly problems: readonly string[];
  /** Does one part. Where it fails for good that becomes a problem, and the result is undefined. */
  part<Result>(name: string, work: () => Promise<Result>): Promise<Result | undefined>;
  /** A problem that is no failure, such as a person who cannot be invited. */
  problem(text: string): void;
}

export function inParts(): Parts {
  const problems: string[] = [];
  return {
    problems,
    async part(name, work) {
      try {
        return await work();
      } catch (error) {
        const failure = failureOf(error);
        if (!failure) throw error;
        problems.push(`${name}: ${failure.message}`);
        return undefined;
      }
    },
    problem: (text) => void problems.push(text),
  };
}
