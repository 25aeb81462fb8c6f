import type { Approval, ApprovalEvent } from '../../domain/approval.ts';
import type { Delivery } from '../../domain/delivery.ts';
import type { Entry } from '../../domain/record.ts';
import { type Closed, deliveryOf, type Told, toldBy } from './asked-event.ts';

/** The line about one that was asked for. */
export function askedEntry(approval: Approval): Entry {
  const { id, runId, subject = runId, trigger, askedAt, digest } = approval;
  const { summary, calls, approvers, required, expiresAt, overridesGuards } = approval;
  return {
    at: askedAt,
    actor: `trigger:${trigger}`,
    via: 'worker',
    action: 'approval.asked',
    subject,
    detail: {
      approval: id,
      run: runId,
      digest,
      summary,
      calls,
      approvers,
      required,
      expiresAt,
      overridesGuards,
    },
  };
}

/** The line about one that ended without an answer. */
export function closedEntry(approval: Approval, { state, because, via, at }: Closed): Entry {
  const { id, runId, subject = runId, digest } = approval;
  const detail = { approval: id, run: runId, digest, state, because };
  return { at, actor: 'baton', via, action: 'approval.closed', subject, detail };
}

/** The engine's own event. */
export function eventOf(approval: Approval, time: string): Told {
  const type = approval.state === 'pending' ? 'approval.asked' : (`approval.${approval.state}` as const);
  return toldBy(newsOf(approval, { type, time }));
}

/** The event that one still waits. Each reminder of it has its own. */
export const waitingDelivery = (approval: Approval, reminder: number, time: string): Delivery =>
  deliveryOf(newsOf(approval, { type: 'approval.waiting', reminder, time }));

function newsOf(approval: Approval, news: { type: `approval.${string}`; reminder?: number; time: string }) {
  const { id, runId, workflow, state, summary } = approval;
  const data: Omit<ApprovalEvent, 'incidentId'> = { approvalId: id, runId, workflow, state, summary };
  return { ...news, asked: approval, data, via: 'approvals' };
}
