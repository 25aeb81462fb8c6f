import { steps } from '../../../workflows/kit/activities.ts';

export interface FreezeDeploymentsInput {
  hook: string;
  channelId: string;
  why: string;
}

/** Holds the deployments of the CI by its hook, and says so in Slack. */
export async function freezeDeployments({ hook, channelId, why }: FreezeDeploymentsInput): Promise<string> {
  await steps.sendHttpRequest({ method: 'POST', url: hook, body: { why }, repeatable: true });
  await steps.postSlackMessage({ channelId, text: `Deployments are held. ${why}` });
  return 'held';
}
