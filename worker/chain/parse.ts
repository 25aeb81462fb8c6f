import { activityInfo } from '@temporalio/activity';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { z } from 'zod';
import type { AnyActivity } from '../../activities/activity.ts';
import { invalidInput } from '../../activities/failures.ts';
import { type CallApproval, callApprovals } from '../../domain/approval.ts';
import { urgentName, urgentPriorityKey } from '../../domain/urgency.ts';
import { actorOf, type Shown } from '../authority.ts';
import { placed, simulatedFor } from '../connection.ts';
import { digestOf, keyOf } from '../identity.ts';
import type { Call, Surroundings } from './call.ts';

/** What Temporal calls an activity, as what it is: `rebootEc2Instances`, `ask:rebootEc2Instances`. */
export function readName(activityType: string): { name: string; approval?: CallApproval } {
  const approval = callApprovals.find((each) => activityType.startsWith(`${each}:`));
  return approval ? { name: activityType.slice(approval.length + 1), approval } : { name: activityType };
}

const proofSchema = z.object({ verified: z.boolean().exactOptional(), since: z.array(z.string()) });
const proofIn = (header: Payload | undefined) =>
  header && proofSchema.safeParse(defaultPayloadConverter.fromPayload(header)).data;

/**
 * Temporal tells the run's priority, but not with a local activity, and an older Temporal not at all: the run says so itself. It gets
 * nothing by that but its turn sooner.
 */
const isUrgent = (headers: Record<string, Payload>) =>
  activityInfo().priority?.priorityKey === urgentPriorityKey || headers[urgentName] !== undefined;

/** As the run gives it. */
const idIn = (header: Payload | undefined) =>
  header && z.string().safeParse(defaultPayloadConverter.fromPayload(header)).data;

/**
 * The current call, its input read by the schema of its activity. `batonCall` tells the how-manieth call of its activity
 * it is in its run, `batonApproval` the approval that it is made by, `batonTakesBack` the
 * change that it takes back, `batonProof` what the run has verified, `batonUrgent` that the run is urgent.
 * Throws `InvalidInput`, which says what is wrong in which field.
 */
export function readCall(
  declaration: AnyActivity,
  argument: unknown,
  shown: Shown,
  headers: Record<string, Payload>,
  { scrub, simulated }: Pick<Surroundings, 'scrub' | 'simulated'>,
): Call {
  const info = activityInfo();
  const parsed = declaration.input.safeParse(argument);
  if (!parsed.success) throw invalidInput(declaration.provider, scrub(z.prettifyError(parsed.error)));
  const runId = info.workflowExecution?.workflowId ?? 'none';
  const cause = 'cause' in shown ? shown.cause : undefined;
  // Whoever calls may name anybody: the actor comes from the cause.
  const { actor: _, ...given } = parsed.data;
  const place = placed(declaration, argument, given, cause, runId);
  return {
    ...place,
    simulated: simulatedFor(declaration, place.connection, cause, simulated),
    declaration,
    key: keyOf(headers.batonCall),
    approval: readName(info.activityType).approval,
    approvalId: idIn(headers.batonApproval),
    takesBackKey: idIn(headers.batonTakesBack),
    proof: proofIn(headers.batonProof),
    digest: digestOf(argument),
    runId,
    workflow: info.workflowType ?? '',
    attempt: info.attempt,
    ...(isUrgent(headers) ? { urgent: true } : {}),
    ...(info.isLocal ? { local: true } : {}),
    shown,
    actor: actorOf(shown),
    mode: cause?.mode,
  };
}
