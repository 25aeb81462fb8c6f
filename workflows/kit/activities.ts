import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  condition,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  sleep,
} from '@temporalio/workflow';
import type { FailureDetail } from '../../activities/failures.ts';
import type { ActivityFunctions } from '../../activities/index.ts';
import { nextNumber, numbered } from './call-number.ts';
import { change } from './consent.ts';
import { told } from './told-steps.ts';
import { isUrgent } from './urgent.ts';

/** An activity by its name. */
export type ActivityName = keyof ActivityFunctions & string;
type LongName = Extract<ActivityName, `await${string}`>;

/** Every activity but the long ones. */
export type Steps = Omit<ActivityFunctions, LongName>;
/** The long ones, which poll for minutes. */
export type Waits = Pick<ActivityFunctions, LongName>;

/**
 * A worker that dies is noticed by its missing heartbeat, and the attempt is made again by another: within 3 to 4 s
 * instead of the 12 s that Temporal's defaults take. The worker's interceptor sends the heartbeats.
 */
const heartbeatTimeout = '1.5 seconds';
/**
 * What passes is waited for by time and not by a number of tries: a provider or a store that is away for hours fails no run. What is
 * no outage ends earlier, on the worker's side.
 */
const retry = { initialInterval: '100 milliseconds', maximumInterval: '30 seconds' } as const;

const remote = proxyActivities<ActivityFunctions>({
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '6 hours',
  heartbeatTimeout,
  retry,
});

/** A run that is to end waits for the change that is being made: else it would say its end while a reboot is still on its way. */
const changing = proxyActivities<ActivityFunctions>({
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '6 hours',
  heartbeatTimeout,
  retry,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

const long = proxyActivities<ActivityFunctions>({
  startToCloseTimeout: '6 hours',
  scheduleToCloseTimeout: '12 hours',
  heartbeatTimeout,
  retry,
});

/** One short try in the worker itself: no task queue, no round trip. */
const local = proxyLocalActivities<ActivityFunctions>({
  startToCloseTimeout: '2 seconds',
  retry: { maximumAttempts: 1 },
});

/**
 * The verbs of the short reads: an activity's kind is told by its name, and `defineActivity` holds the two together. An export takes too
 * long for one short try.
 */
export const isRead = (name: string) => /^(read|list|find|check|search|query)[A-Z]/.test(name);

/** What the attempt itself threw. A local activity's failure comes as it is, any other wrapped. */
function thrownBy(error: unknown): ApplicationFailure | undefined {
  const thrown = error instanceof ActivityFailure ? error.cause : error;
  return thrown instanceof ApplicationFailure ? thrown : undefined;
}

/** Refused, unfit, not connected: the same call would fail again, wherever it is made. */
const isFinal = (error: unknown) => thrownBy(error)?.nonRetryable === true;

/** A local activity's failure, with the activity's name as any other has it. */
export function asOf(name: string, error: unknown): unknown {
  if (!(error instanceof ApplicationFailure)) return error;
  return new ActivityFailure(error.message, name, undefined, 'NON_RETRYABLE_FAILURE', undefined, error);
}

/** What the attempt tells of its failure beside the words. */
export const detailOf = (error: unknown) => thrownBy(error)?.details?.[0] as FailureDetail | undefined;

/** How long the provider asked to be left alone, in milliseconds. */
const waitAfter = (error: unknown): number => detailOf(error)?.waitMs ?? 0;

type Call = (input: unknown) => Promise<unknown>;
const callOf = (proxy: unknown, name: string) => (proxy as Record<string, Call>)[name] as Call;

/**
 * A read is tried at once in the worker; where that fails in passing, it is an activity like any other, with its retries. A provider
 * that asked for time gets it before.
 */
function read(name: string, input: unknown): Promise<unknown> {
  const number = nextNumber(name);
  return numbered(number, () => told(name, input, () => readAs(number, name, input)));
}

async function readAs(number: number, name: string, input: unknown): Promise<unknown> {
  try {
    return await numbered(number, () => callOf(local, name)(input));
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (isFinal(error)) throw asOf(name, error);
    const wait = waitAfter(error);
    if (wait > 0) await waitFor(wait);
    return numbered(number, () => callOf(remote, name)(input));
  }
}

/** What waits for its turn behind others goes on at once when the run becomes urgent. */
async function waitFor(milliseconds: number): Promise<void> {
  if (isUrgent()) await sleep(milliseconds);
  else await condition(isUrgent, milliseconds);
}

/** A change by its name in Temporal, which may say how it stands to approvals: see `ask-approval.ts`. */
export const changes = (name: string, input: unknown): Promise<unknown> =>
  told(name, input, () => callOf(changing, name)(input));

/** A read that there is no more, for runs that have called it: in their history it has its result. */
export const formerStep = read;

/** Every activity, typed. Timeouts and retries follow from the activity's kind. */
export const steps: Steps = new Proxy({} as Steps, {
  get: (_, name: string) => (input: unknown) => (isRead(name) ? read(name, input) : change(name, input)),
});

/** The activities whose names begin with `await`: they poll for as long as their input says. */
export const waits: Waits = new Proxy({} as Waits, {
  get: (_, name: string) => (input: unknown) => told(name, input, () => callOf(long, name)(input)),
});
