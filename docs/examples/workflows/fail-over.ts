import { askApproval, makeApproved, planned } from '../../../workflows/kit/ask-approval.ts';
import { healthy } from '../../../workflows/kit/run.ts';

/** Takes all replicas from one region to the other: two changes, which two people approve together. */
export async function failOver({ replicas }: { replicas: number }): Promise<string> {
  const up = { namespace: 'reports-west', deployment: 'renderer', replicas };
  const down = { namespace: 'reports-east', deployment: 'renderer', replicas: 0 };
  const looks = [
    await planned('scaleKubernetesDeployment', up),
    await planned('scaleKubernetesDeployment', down),
  ];
  const calls = looks.flatMap((look) => ('planned' in look ? [look.planned] : []));
  if (calls.length === 0) return healthy('done before');

  const { decision, approvalId } = await askApproval({
    plan: { summary: 'Fails the renderer over from east to west', calls },
    approvers: { pagerDutyTeam: 'PREPORT', userGroup: 'S0REPORTS' },
    required: 2,
    reasonRequired: true,
    expiresIn: '15 minutes',
    onExpire: { ask: { role: 'admin' }, expiresIn: '30 minutes', then: 'page' },
  });
  if (decision !== 'approved') return decision;

  if (looks[0] && 'planned' in looks[0]) await makeApproved(approvalId, 'scaleKubernetesDeployment', up);
  if (looks[1] && 'planned' in looks[1]) await makeApproved(approvalId, 'scaleKubernetesDeployment', down);
  return healthy('failed over');
}
