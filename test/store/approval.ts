import type { ApprovalRequest } from '../../domain/approval.ts';
import type { Store } from '../../store/store.ts';
import { entry, fresh } from './world.ts';

export const reboot = {
  activity: 'rebootEc2Instances',
  input: { instanceIds: ['i-0abc12345def67890'] },
  connection: 'default',
  targets: ['ec2:i-0abc12345def67890'],
  summary: 'Reboots i-0abc12345def67890',
  calls: ['RebootInstances InstanceId.1=i-0abc12345def67890'],
  before: { state: 'running' },
  after: { state: 'running' },
  inverse: { none: 'A reboot cannot be taken back' },
  digest: 'a1b2',
};

/** What a run asks, unless told otherwise: one reboot, of one approver. */
export function request(changes: Partial<ApprovalRequest> = {}): ApprovalRequest {
  return {
    key: fresh('key-'),
    runId: fresh('ec2-unhealthy/P'),
    workflow: 'restart',
    trigger: 'ec2-unhealthy',
    summary: 'Reboots i-0abc12345def67890',
    calls: [reboot],
    digest: 'd1d2d3',
    approvers: { role: 'approver' },
    required: 1,
    requestedBy: [],
    requesterMayApprove: false,
    reasonRequired: false,
    overridesGuards: false,
    expiresInSeconds: 900,
    ...changes,
  };
}

/** A live run on an incident that is open. */
export async function liveRun(
  store: Store,
  changes: { subject?: string; workflow?: string; whenResolved?: 'stop' | 'continue' } = {},
): Promise<{ runId: string; subject: string; workflow: string }> {
  const { subject = fresh('P'), workflow = 'restart', whenResolved = 'stop' } = changes;
  const runId = `ec2-unhealthy/${subject}`;
  const run = { id: runId, trigger: 'ec2-unhealthy', workflow, subject, target: 'i-0abc12345def67890' };
  await store.beginRun({ ...run, input: {}, cause: { whenResolved } }, entry());
  await store.runBegan(runId);
  return { runId, subject, workflow };
}
