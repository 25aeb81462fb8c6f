import { createHash } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import { canonicalJson } from '../store/json.ts';

const callNumber = z.int().min(1);

/**
 * The key of the current call's effect: what is called, and the how-manieth time in its run. A caller without Baton's interceptor does
 * not count, and has Temporal's own id of the call.
 */
export function keyOf(header: unknown): string {
  const { workflowExecution, activityType, activityId } = activityInfo();
  const number = header === undefined ? undefined : defaultPayloadConverter.fromPayload(header as never);
  const which = callNumber.safeParse(number);
  return keyOfCall(
    workflowExecution?.workflowId ?? 'none',
    activityType,
    which.success ? which.data : `id ${activityId}`,
  );
}

/** The key of a call's effect, by the how-manieth call of its activity it is in its run. */
export const keyOfCall = (runId: string, activityType: string, which: number | string): string =>
  `${runId}#${activityType}#${which}`;

/** The key of an effect that is made by an approval. */
export const keyByApproval = (runId: string, activity: string, approvalId: string, digest: string): string =>
  keyOfCall(runId, `approved:${activity}`, `by ${approvalId}#${digest}`);

/** The key of an effect that takes back another one of its run, and was approved with it: once. */
export const keyOfWayBack = (runId: string, takenBack: string): string =>
  keyOfCall(runId, 'back', `of ${takenBack}`);

/** Of the input as the run gave it, and not as the schema reads it: a newer version may read it with another default. */
export const digestOf = (input: unknown): string =>
  createHash('sha256')
    .update(canonicalJson(input ?? null))
    .digest('base64url');
