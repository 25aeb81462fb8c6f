import type { Duration } from '@temporalio/common';
import { ApplicationFailure, patched } from '@temporalio/workflow';
import type { ActivityFunctions } from '../../activities/index.ts';
import type { Approvers } from '../../domain/approval.ts';
import { type ParkDecision, withOtherInput } from '../../domain/park.ts';
import { choiceField, type Question, type QuestionAnswer, whoMayAnswer } from '../../domain/question.ts';
import { oneLine } from '../../domain/text.ts';
import { changes, isRead, type Steps, steps } from './activities.ts';
import { askAndWait, type OnExpire, secondsOf, unansweredFor } from './ask-approval.ts';
import { approvalOfRun, approvalsBehind, by } from './call-approval.ts';
import { nextNumber, numbered } from './call-number.ts';
import { asApproved, change } from './consent.ts';
import { doneWith, type FailedStep, keepParked, takeLeft } from './parked-steps.ts';
import { type FinalFailure, failureOf } from './parts.ts';
import { record } from './record.ts';
import { engine, isLooking, isPlanning } from './run.ts';

/** How people are asked what is to become of a step that has failed for good. */
export interface Parks {
  /** Who decides: looked up at the decision. Left out, or `{}`: whoever may unpark runs in Baton. */
  asked?: Approvers;
  /** After this no decision is taken any more. */
  expiresIn: Duration;
  /** What follows when nobody has decided by then. Left out, or `page`: the run fails, and so pages. `skip`: it goes on without the step. */
  onExpire?: OnExpire<'skip'>;
  /** A channel of Slack to show it in. Left out: the incident's room, else each who is asked by a direct message. */
  channelId?: string;
  /**
   * Asked before it is tried again: in words, why the step is not wanted any more, after which the run goes on without it. Hours may have
   * passed since it failed.
   */
  unless?: () => Promise<string | undefined>;
}

type StepName = keyof Steps & string;
type InputOf<Name extends StepName> = Parameters<ActivityFunctions[Name]>[0];
type OutputOf<Name extends StepName> = Awaited<ReturnType<ActivityFunctions[Name]>>;

/** What became of a step: its result; or why the run goes on without it, in words. */
export type ParkedOr<Output> = { result: Output } | { skipped: string };

/** A step that is about to be tried. */
type Try = Omit<FailedStep, 'failure'> & {
  /** Set where somebody wants it tried again. `isUncertain`: it may have been made before. */
  again?: { isUncertain: boolean };
};

/**
 * Does one step, by its name. Where it fails for good the run is parked: people are asked whether it is tried again, with the same input or
 * another one, or skipped, or whether the run is to fail (`ParkAborted`; `ParkExpired` where nobody decides in time). What was done before is
 * not done again, and what may have been made is looked at before it is made.
 */
export async function orPark<Name extends StepName>(
  activity: Name,
  input: InputOf<Name>,
  parks: Parks,
): Promise<ParkedOr<OutputOf<Name>>> {
  const left = takeLeft(activity, input);
  let outcome = left ? { failed: left } : await tryStep(firstTry(activity, input), parks);
  let failed: FailedStep | undefined;
  try {
    while ('failed' in outcome) {
      keepParked(outcome.failed, failed);
      failed = outcome.failed;
      outcome = await decided(failed, parks);
    }
  } finally {
    doneWith(failed);
  }
  return outcome as ParkedOr<OutputOf<Name>>;
}

function firstTry(activity: StepName, input: unknown): Try {
  const isNumbered = !isRead(activity) && !isPlanning();
  return {
    activity,
    called: input,
    input: asApproved(activity, input),
    ...(isNumbered ? { number: nextNumber(activity) } : {}),
    approvals: [],
  };
}

type Outcome = ParkedOr<unknown> | { failed: FailedStep };

async function tryStep(step: Try, parks: Parks): Promise<Outcome> {
  try {
    return { result: await make(step) };
  } catch (error) {
    const failure = failureOf(error);
    // A run that failed here before runs could be parked has failed.
    if (!failure || isSaidNo(failure, step) || !patched('parks')) throw error;
    const { again: _, approvals, ...same } = step;
    const failed = { ...same, failure, approvals: [...approvals, ...approvalsBehind(error as Error)] };
    if (!isLooking()) return { failed };
    if (!(await wouldSkip(failed, parks))) throw error;
    return { skipped: 'nobody decided (the run only looks)' };
  }
}

/** What people have refused, or the worker, is not for others to try all the same. What they refuse of a further try is asked about again. */
const isSaidNo = ({ class: is }: FinalFailure, { again }: Try): boolean =>
  is === 'NotAuthorized' || (is === 'NotApproved' && again === undefined);

/**
 * Makes it under the number of the first try, by which the store knows whether it was made. What may have been made is tried by the very call
 * that may have made it: what people approved once more would be made once more.
 */
async function make({ activity, input, number, approvals, again }: Try): Promise<unknown> {
  const asUsual = () =>
    isRead(activity)
      ? (steps as Record<string, (given: unknown) => Promise<unknown>>)[activity]?.(input)
      : change(activity, input);
  if (number === undefined) return asUsual();
  const approvalId = approvals.at(-1);
  if (approvalId === undefined)
    return numbered(number, async () => (again?.isUncertain ? changes(activity, input) : asUsual()));
  try {
    return await by(approvalId, () => changes(`approved:${activity}`, input));
  } catch (error) {
    if (again?.isUncertain || failureOf(error)?.class !== 'PlanChanged') throw error;
    return numbered(number, async () => asUsual());
  }
}

/** What comes of what people say. */
async function decided(failed: FailedStep, parks: Parks): Promise<Outcome> {
  const { activity, failure } = failed;
  const had = `It had failed (${failure.class}): ${failure.message}`;
  const { answer, isUncertain } = await askAbout(failed, parks);
  if (!answer) {
    if (endOf(parks) === 'skip') return { skipped: 'nobody decided in time' };
    throw ApplicationFailure.nonRetryable(
      oneLine(`Nobody decided in time what becomes of ${activity}. ${had}`),
      'ParkExpired',
    );
  }
  const { name, at, via, reason = 'no reason given' } = answer;
  switch (answer.values[choiceField] as ParkDecision) {
    case 'skip':
      return { skipped: oneLine(`${name} skipped it: ${reason}`) };
    case 'abort':
      throw ApplicationFailure.nonRetryable(
        oneLine(`${name} aborted the run at ${activity} (${via}, ${at}): ${reason}. ${had}`),
        'ParkAborted',
      );
    case 'retry': {
      const why = parks.unless && patched('looks-before-retry') ? await parks.unless() : undefined;
      if (why !== undefined) return { skipped: why };
      return tryStep({ ...withAnswer(failed, answer), again: { isUncertain } }, parks);
    }
  }
}

/** The same step, with what takes the place of its input. Approvals were of the input that it had. */
function withAnswer({ failure: _, ...step }: FailedStep, { input: other }: QuestionAnswer): Try {
  if (!other) return step;
  return { ...step, input: withOtherInput(step.input as Record<string, unknown>, other), approvals: [] };
}

/** The decision; none, where nobody has decided in time. */
async function askAbout(
  failed: FailedStep,
  { asked = {}, expiresIn, onExpire = 'page', unless: _, ...more }: Parks,
): Promise<{ answer?: QuestionAnswer | undefined; isUncertain: boolean }> {
  const { activity, input, number, approvals, failure } = failed;
  const ofRun = approvalOfRun()?.id;
  const closed: Question = await askAndWait({
    ask: (place) =>
      engine.parkStep({
        number: place,
        step: activity,
        input: input as Record<string, unknown>,
        failure,
        calls: {
          ...(number === undefined ? {} : { number }),
          approvals: ofRun === undefined ? approvals : [ofRun, ...approvals],
        },
        approvers: asked,
        expiresInSeconds: secondsOf(expiresIn),
        ...more,
      }),
    find: engine.findQuestion,
    close: engine.closeQuestion,
    remind: engine.remindOfQuestion,
    unanswered: unansweredFor({ onExpire }, (approvers) => whoMayAnswer({ approvers, parked: true })),
    lost: 'QuestionLost',
  });
  const [answer] = closed.answers;
  const isUncertain = closed.parked?.uncertainSince !== undefined;
  if (answer || typeof onExpire !== 'object') return { answer, isUncertain };
  const { ask: others, expiresIn: time = expiresIn, then: afterwards = 'page' } = onExpire;
  return askAbout(failed, { asked: others, expiresIn: time, onExpire: afterwards, ...more });
}

/** What follows in the end when nobody decides. */
function endOf({ onExpire = 'page' }: Pick<Parks, 'onExpire'>): 'skip' | 'page' {
  return typeof onExpire === 'object' ? endOf({ onExpire: onExpire.then ?? 'page' }) : onExpire;
}

/** A run that only looks is not parked: it says that it would be, and goes on as if nobody decided. */
async function wouldSkip({ activity, failure }: FailedStep, parks: Parks): Promise<boolean> {
  const skips = endOf(parks) === 'skip';
  await record(
    oneLine(
      `Would park at ${activity}, which fails (${failure.class}: ${failure.message}), and ask ${whoMayAnswer({ approvers: parks.asked ?? {}, parked: true })}. ` +
        `The run ${skips ? 'goes on without it' : 'fails'}, as if nobody decided.`,
    ),
  );
  return skips;
}
