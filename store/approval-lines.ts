import type { Approval, ApprovalEvent } from '../domain/approval.ts';
import type { Delivery } from '../domain/delivery.ts';
import type { Entry } from '../domain/record.ts';
import { defaultConnection, incidentOfSubject } from '../domain/subject.ts';
import { type InboxRow, inboxRow, receivedEntry } from './inbox.ts';

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

/** The engine's own event, as the inbox takes it. Its subject is the incident, so that it comes after the incident's earlier events. */
export function eventOf(approval: Approval, time: string): { row: InboxRow; received: Entry } {
  const type = approval.state === 'pending' ? 'approval.asked' : (`approval.${approval.state}` as const);
  const delivery = deliveryOf(approval, { id: `${type}/${approval.id}`, type, time });
  return { row: inboxRow(delivery), received: receivedEntry(delivery) };
}

/** The event that one still waits. Each reminder of it has its own. */
export const waitingDelivery = (approval: Approval, reminder: number, time: string): Delivery =>
  deliveryOf(approval, { id: `approval.waiting/${approval.id}/${reminder}`, type: 'approval.waiting', time });

function deliveryOf(
  { id: approvalId, runId, workflow, state, summary, ...approval }: Approval,
  { id, type, time }: { id: string; type: `approval.${string}`; time: string },
): Delivery {
  const { subject = runId } = approval;
  const incident = approval.subject === undefined ? undefined : incidentOfSubject(approval.subject);
  const data: ApprovalEvent = {
    approvalId,
    runId,
    workflow,
    state,
    summary,
    ...(incident ? { incidentId: incident.incidentId } : {}),
  };
  const { connection = defaultConnection } = incident ?? {};
  const envelope = {
    id,
    source: '/baton',
    type,
    ...(connection === defaultConnection ? {} : { connection }),
    subject,
    time,
  };
  return {
    source: envelope.source,
    eventId: id,
    type,
    subject,
    time,
    event: { ...envelope, data },
    body: new Uint8Array(),
    actor: 'baton',
    via: 'approvals',
  };
}
