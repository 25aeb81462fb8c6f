/**
 * A part of each run beside `run.ts`: one that proposes is gone through twice. In its first history it only looks, and asks people about all
 * that it would change; in the next one, under their approval, it begins anew and acts.
 */
import {
  CancellationScope,
  ContinueAsNew,
  type WorkflowInboundCallsInterceptor,
  type WorkflowInterceptorsFactory,
  type WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';
import type { LaterEvent } from '../../domain/incident.ts';
import { oneLine } from '../../domain/text.ts';
import { decisionOf } from './ask-approval.ts';
import { approveRun } from './call-approval.ts';
import { type Planned, plannedCalls, usualAsking } from './consent.ts';
import { isOwed, settleOwed } from './owed.ts';
import { eventsSoFar, isPlanning, mostLeft, renew } from './run.ts';

/** The runbook, while it plans. */
let runbook: CancellationScope | undefined;
let endPlanning = () => {};

const inbound: WorkflowInboundCallsInterceptor = {
  async execute(input, next) {
    if (!isPlanning()) return next(input);
    const waits = new Promise<void>((resolve) => {
      endPlanning = resolve;
    });
    runbook = new CancellationScope();
    const result = await Promise.race([runbook.run(() => next(input)), waits]).catch((error: unknown) => {
      if (!(error instanceof ContinueAsNew) || plannedCalls().length === 0) throw error;
    });
    const planned = plannedCalls();
    if (planned.length === 0) return result;
    const destructive = planned.filter(({ kind }) => kind === 'destructive');
    const decision = await decisionOf({
      ...usualAsking(),
      plan: { summary: summaryOf(planned), calls: destructive.map((each) => each.planned) },
    });
    if (decision.decision !== 'approved') return 'not approved';
    // Before it is approved: what the plan has left there would else go on and act.
    while (isOwed()) await settleOwed();
    approveRun({
      id: decision.approvalId,
      at: decision.at,
      calls: destructive.map(({ planned: { activity, digest }, input: given }) => ({
        activity,
        digest,
        input: given,
      })),
    });
    return renew(input.args[0], newestOf(eventsSoFar()));
  },
};

/**
 * What comes after a wait depends on what happens during it, and people are not to be kept waiting: a plan that has something in it ends
 * where the runbook waits. It is left there.
 */
const outbound: WorkflowOutboundCallsInterceptor = {
  startTimer: (input, next) => (isPlanOver() ? leave() : next(input)),
  scheduleActivity: (input, next) =>
    input.activityType.startsWith('await') && isPlanOver() ? leave() : next(input),
};

const isPlanOver = () => isPlanning() && plannedCalls().length > 0 && isInRunbook();

function leave(): Promise<never> {
  endPlanning();
  return new Promise(() => {});
}

function isInRunbook(): boolean {
  for (let each: CancellationScope | undefined = CancellationScope.current(); each; each = each.parent)
    if (each === runbook) return true;
  return false;
}

/** What goes along: the newest, as the incident is known as it is now besides. */
function newestOf(events: readonly LaterEvent[]): LaterEvent[] {
  let left = mostLeft;
  const first = events.findLastIndex((event) => {
    left -= JSON.stringify(event).length;
    return left < 0;
  });
  return events.slice(first + 1);
}

/** The destructive changes in words, and the names of the others. */
function summaryOf(planned: readonly Planned[]): string {
  const words = planned.flatMap((each) => (each.kind === 'destructive' ? [each.planned.summary] : []));
  const others = planned.flatMap((each) => (each.kind === 'destructive' ? [] : [each.planned.activity]));
  const harmless =
    others.length === 0
      ? []
      : [
          `${others.length} harmless ${others.length === 1 ? 'change' : 'changes'} (${[...new Set(others)].join(', ')})`,
        ];
  return oneLine([...words, ...harmless].join('; '));
}

export const interceptors: WorkflowInterceptorsFactory = () => ({ inbound: [inbound], outbound: [outbound] });
