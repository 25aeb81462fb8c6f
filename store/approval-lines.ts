import type { Approval, ApprovalEvent } from '../domain/approval.ts';
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
  const { id, runId, workflow, subject = runId, state, summary } = approval;
  const type = state === 'pending' ? 'approval.asked' : (`approval.${state}` as const);
  const incident = approval.subject === undefined ? undefined : incidentOfSubject(approval.subject);
  const data: ApprovalEvent = {
    approvalId: id,
    runId,
    workflow,
    state,
    summary,
    ...(incident ? { incidentId: incident.incidentId } : {}),
  };
  const { connection = defaultConnection } = incident ?? {};
  const envelope = {
    id: `${type}/${id}`,
    source: '/baton',
    type,
    ...(connection === defaultConnection ? {} : { connection }),
    subject,
    time,
  };
  const delivery = {
    source: envelope.source,
    eventId: envelope.id,
    type,
    subject,
    time,
    event: { ...envelope, data },
    actor: 'baton',
    via: 'approvals',
  };
  return { row: inboxRow(delivery), received: receivedEntry({ ...delivery, body: new Uint8Array() }) };
}
