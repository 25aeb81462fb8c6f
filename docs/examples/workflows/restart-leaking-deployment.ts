import { steps, waits } from '../../../workflows/kit/activities.ts';
import { followIncident } from '../../../workflows/kit/follow-incident.ts';
import { healthy } from '../../../workflows/kit/run.ts';

export interface RestartLeakingDeploymentInput {
  incidentId: string;
  namespace: string;
  deployment: string;
}

/** Replaces the pods of a deployment that leaks memory. Ten minutes later an incident that is still open goes to a person. */
export async function restartLeakingDeployment(input: RestartLeakingDeploymentInput): Promise<string> {
  const { incidentId, namespace, deployment } = input;
  const at = new Date().toISOString();
  const note = (text: string) => steps.addPagerDutyNote({ incidentId, note: text });

  await steps.restartKubernetesDeployment({ namespace, deployment, at });
  const { complete, reason } = await waits.awaitKubernetesRollout({ namespace, deployment });
  if (complete) await note(`Restarted ${namespace}/${deployment} at ${at}; all its pods are new and ready.`);
  else await note(`Restarted ${namespace}/${deployment} at ${at}, and it did not come back: ${reason}.`);

  const isOver = complete && !(await followIncident({ id: incidentId }).stillOpenAfter('10 minutes'));
  if (isOver) return healthy('restarted');
  await steps.escalatePagerDutyIncident({ incidentId, level: 2 });
  return 'handed to a person';
}
