import { steps } from '../../../workflows/kit/activities.ts';
import { withApproval } from '../../../workflows/kit/ask-approval.ts';
import { healthy } from '../../../workflows/kit/run.ts';

export interface ScaleWhenApprovedInput {
  incidentId: string;
  serviceId: string;
  replicas: number;
}

/** Gives the renderer more replicas, once somebody who is on call has approved just that. */
export async function scaleWhenApproved(input: ScaleWhenApprovedInput): Promise<string> {
  const { incidentId, serviceId, replicas } = input;
  const target = { namespace: 'reports', deployment: 'renderer', replicas };
  const scaled = await withApproval('scaleKubernetesDeployment', target, {
    approvers: { onCallOf: serviceId, role: 'admin' },
    expiresIn: '30 minutes',
  });

  if ('result' in scaled) return healthy('scaled');
  await steps.addPagerDutyNote({ incidentId, note: `Not scaled to ${replicas}: ${scaled.refusal}.` });
  return 'handed to a person';
}
