import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import type { Limits } from '../../domain/guard.ts';
import type { RunCause } from '../../domain/incident.ts';
import { causeName } from '../../domain/last-argument.ts';
import type { Takeover } from '../../domain/takeover.ts';
import { urgentName } from '../../domain/urgency.ts';
import { approvalOfCall, takenBackByCall } from './call-approval.ts';
import { numberOf } from './call-number.ts';
import { isLook, proofSoFar } from './proof.ts';
import type { RunMemo } from './run.ts';
import { isUrgent } from './urgent.ts';

/** What goes with each activity call: why it is made, and what shows that a server of ours said so. */
export interface CallCause {
  cause: RunCause;
  /** What the workflow was started with, in its first history. */
  input: unknown;
  signature: string;
  /** What the run has said of its targets: see `guard`. */
  limits?: Record<string, Partial<Limits>>;
  /** Who has acknowledged the incident, as the run has found by asking PagerDuty: an event may have been lost. */
  acknowledged?: readonly Takeover[];
}

/** The same for all calls until the run has more to say. */
let callHeader: Record<string, Payload> | undefined;
const limitsGiven = new Map<string, Partial<Limits>>();
let acknowledged: readonly Takeover[] = [];
const mostAcknowledgers = 20;

/** The worker's side reads from this header for whom and about what a call is made, and checks it. */
function causeHeader(firstInput: unknown): Record<string, Payload> {
  const { cause, signature } = (workflowInfo().memo ?? {}) as Partial<RunMemo>;
  if (!cause || signature === undefined) return {};
  const limits = limitsGiven.size > 0 ? { limits: Object.fromEntries(limitsGiven) } : {};
  const seen = acknowledged.length > 0 ? { acknowledged } : {};
  const call: CallCause = { cause, input: firstInput, signature, ...limits, ...seen };
  callHeader ??= { [causeName]: defaultPayloadConverter.toPayload(call) };
  return callHeader;
}

/** What the run has found by asking: by the calls that follow the worker knows it too. Which of them is Baton itself, the store tells. */
export function seeAcknowledgers(found: readonly { name: string; at?: string | undefined }[]): void {
  const told = found.slice(-mostAcknowledgers).flatMap(({ name: by, at }) => {
    const time = Date.parse(at ?? '');
    return Number.isNaN(time) ? [] : [{ how: 'acknowledged' as const, by, at: new Date(time).toISOString() }];
  });
  goOnAcknowledged(told);
}

export const acknowledgedSoFar = (): readonly Takeover[] => acknowledged;

/** What a next history of the run goes on from. */
export function goOnAcknowledged(earlier: readonly Takeover[]): void {
  acknowledged = earlier;
  callHeader = undefined;
}

/** To which limits the changes of a target keep from now on, in this history. */
export function giveLimits(target: string, limits: Partial<Limits>): void {
  limitsGiven.set(target, limits);
  callHeader = undefined;
}

/**
 * What a call says beside its input: why it is made, which call of its activity it is (see `call-number.ts`), and whether it goes before
 * others; a change also by what.
 */
export function callHeaders(
  { activityType, args }: { activityType: string; args: readonly unknown[] },
  firstInput: unknown,
): Record<string, Payload> {
  const approval = approvalOfCall();
  const takenBack = takenBackByCall();
  const said = {
    batonCall: numberOf(activityType, args),
    // A local activity is told nothing of the run's priority in Temporal.
    ...(isUrgent() ? { [urgentName]: true } : {}),
    ...(approval ? { batonApproval: approval } : {}),
    ...(takenBack ? { batonTakesBack: takenBack } : {}),
    ...(isLook(activityType) ? {} : { batonProof: proofSoFar() }),
  };
  const payloads = Object.entries(said).map(([name, value]) => [
    name,
    defaultPayloadConverter.toPayload(value),
  ]);
  return { ...causeHeader(firstInput), ...Object.fromEntries(payloads) };
}
