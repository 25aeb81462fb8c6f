import { ApplicationFailure } from '@temporalio/activity';
import type { AnyChange } from '../../activities/activity.ts';
import { conflict, heldBack } from '../../activities/failures.ts';
import { defaultLimits, type HeldBy, heldInWords, type Limits } from '../../domain/guard.ts';
import { oneLine } from '../../domain/text.ts';
import type { Intent } from '../../store/changes/intent.ts';
import { notAuthorized } from '../authority.ts';
import { targetsAt } from '../connection.ts';
import type { Call, Surroundings } from './call.ts';
import { refused } from './entry.ts';

/** How long an attempt waits for another change on the same target. */
const busyMilliseconds = 300;
/** The limits of a destructive change: those of its declaration, else of the run for one of its targets, else the defaults; undefined of any other. */
export function limitsOf({ kind, coolDown = {} }: AnyChange, given?: Partial<Limits>): Limits | undefined {
  if (kind !== 'destructive') return undefined;
  const { minutes, repeats = false } = coolDown;
  const limits = { ...defaultLimits, ...given };
  const seconds = minutes === undefined ? limits.coolDown.seconds : minutes * 60;
  return { ...limits, coolDown: { seconds, repeats } };
}

/** The same limits, with the targets of a group as they are kept: those of other accounts apart. */
export function limitsAt(connection: string, { group, ...limits }: Partial<Limits>): Partial<Limits> {
  return group ? { ...limits, group: { ...group, targets: targetsAt(connection, group.targets) } } : limits;
}

/** What a call gives that is not to act: what was done before, or why not now. A refusal is written down. */
export async function answerWithout(
  intent: Exclude<Intent, { answer: 'go' }>,
  call: Call<AnyChange>,
  options: Surroundings,
): Promise<unknown> {
  const { declaration } = call;
  switch (intent.answer) {
    case 'done': {
      const parsed = declaration.output.safeParse(intent.result);
      if (parsed.success) return parsed.data;
      const failure = otherEffect(call, 'what was stored of it is no result of this activity');
      throw await refused(call, failure, options);
    }
    case 'busy':
      throw busy(intent.heldBy);
    case 'ended':
      throw await refused(call, notAuthorized(declaration, 'its run has ended'), options);
    case 'held':
      throw await held(call, intent, options);
    case 'conflict': {
      const what = intent.activity === declaration.name ? 'another input' : intent.activity;
      const failure = otherEffect(call, `the call with this number was made before, with ${what}`);
      throw await refused(call, failure, options);
    }
  }
}

/** Of a change that waits only the first attempt is written down. */
export async function held(
  call: Call<AnyChange>,
  { by, isUncertain }: { by: HeldBy; isUncertain: boolean },
  options: Surroundings,
): Promise<Error> {
  const { declaration, attempt } = call;
  const waits = declaration.kind !== 'destructive';
  const why = heldInWords(by);
  const reason = isUncertain
    ? `${why.reason}. An earlier attempt may have made it: look before another`
    : why.reason;
  // Nobody is asked to make what may be made.
  const told = {
    ...why,
    reason: options.scrub(oneLine(reason)),
    ...(isUncertain ? { isUnderWay: true as const } : {}),
  };
  const effect = isUncertain ? 'unknown' : 'none';
  const failure = heldBack(declaration.provider, told, { waits, effect });
  return waits && attempt > 1 ? failure : refused(call, failure, options);
}

/** The run has taken another way than it had: nothing is made twice, and nothing is passed off as something else. */
const otherEffect = ({ declaration, key }: Call, why: string) =>
  conflict(
    'Baton',
    `${declaration.name} is not made, as ${why} (${key}). Look at what was done, then let an event start a new run`,
  );

const busy = (holder: string) =>
  ApplicationFailure.create({
    type: 'Busy',
    message: `Another change on the same target is being made by ${holder}`,
    nextRetryDelay: busyMilliseconds,
  });
