import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { ApproverCheck, AskedOf } from '../../domain/approval.ts';
import { incidentOfSubject } from '../../domain/subject.ts';
import { oneLine } from '../../domain/text.ts';
import { Refusal } from '../refusal.ts';
import type { OperationContext } from './operation.ts';
import { pageInput, placeIn } from './page.ts';
import { idInput, subjectInput } from './shapes.ts';

/** What answers to approvals and to questions have in common. */

/** What lists of either take, beside the state. */
export const askedInput = {
  subject: subjectInput.optional(),
  run: idInput.optional().describe('The run that asks'),
  ...pageInput,
};

/** What such a list asks the store for: what is within somebody's scope, from where the list goes on. */
export function askedFilter<State extends string>(list: {
  name: string;
  input: {
    state: State | 'any';
    subject?: string | undefined;
    run?: string | undefined;
    limit: number;
    cursor?: string | undefined;
  };
  context: OperationContext;
}) {
  const { state, subject, run, limit } = list.input;
  return {
    ...list.context.principal.scope,
    ...(state === 'any' ? {} : { state: state as Exclude<State, 'any'> }),
    subject,
    run,
    before: placeIn(list, z.int().positive()),
    limit,
  };
}

/** Providers have so long to say who somebody is. */
const lookUpMilliseconds = 5_000;

/** Under which names somebody may answer. A 403 says who may; a 503, that it cannot be told now. */
export async function mayAnswer(
  asked: AskedOf,
  { principal, checkApprover }: Pick<OperationContext, 'principal' | 'checkApprover'>,
): Promise<{ name: string; alsoKnownAs: readonly string[] }> {
  const check = await checkApprover(asked, principal, AbortSignal.timeout(lookUpMilliseconds));
  if ('name' in check) return check;
  if ('refusal' in check) throw new Refusal(403, 'Not allowed', check.refusal);
  throw new Refusal(
    503,
    'Not to be told now',
    `Whether you may answer cannot be looked up now, and nothing is decided: ${check.unavailable}. Try again.`,
    5,
  );
}

/**
 * The same check for what is only shown: a list asks the same about the same people again and again, and for one request it is looked up
 * once.
 */
export function answerCheck(context: OperationContext): (asked: AskedOf) => Promise<unknown> {
  const known = new Map<string, Promise<ApproverCheck>>();
  const checkApprover: OperationContext['checkApprover'] = (asked, principal, signal) => {
    const { subject, approvers, requestedBy, requesterMayApprove } = asked;
    const account = subject === undefined ? undefined : incidentOfSubject(subject)?.connection;
    const key = JSON.stringify([approvers, requestedBy, requesterMayApprove, account]);
    const check = known.get(key) ?? context.checkApprover(asked, principal, signal);
    known.set(key, check);
    return check;
  };
  return (asked) => mayAnswer(asked, { principal: context.principal, checkApprover });
}

/** The incident is resolved, and its run with it. */
export const isResolved = (by: string | undefined) =>
  new Refusal(
    409,
    'Resolved',
    `The incident was resolved${by === undefined ? '' : ` by ${oneLine(by)}`}, so nothing is done.`,
  );

const takeUpMilliseconds = 2_000;

/** Tells the run at once, by an update of Temporal. Where that fails it learns of it by the event, which lies in the inbox. */
export async function isTakenUp(
  { id, runId }: { id: string; runId: string },
  { runs }: OperationContext,
): Promise<boolean> {
  if (!runs) return false;
  const { client } = runs;
  const told = client
    .withDeadline(Date.now() + takeUpMilliseconds, () =>
      client.workflow.getHandle(runId).executeUpdate<boolean, [string]>('approvalAnswered', { args: [id] }),
    )
    .catch(() => false);
  // A connection that is lost is made anew for longer than the deadline, and whoever answered is not to wait for that.
  const isLate = pause(takeUpMilliseconds, false, { ref: false });
  return Promise.race([told, isLate]);
}
