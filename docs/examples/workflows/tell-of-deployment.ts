import { steps } from '../../../workflows/kit/activities.ts';

export interface TellOfDeploymentInput {
  repository: string;
  environment: string;
  state: string;
  sha: string;
  url?: string;
}

/** Tells PagerDuty of a deployment that has ended, so that it stands beside the incidents of the service. */
export async function tellOfDeployment(input: TellOfDeploymentInput): Promise<string> {
  const { repository, environment, state, sha, url } = input;
  await steps.sendPagerDutyChangeEvent({
    summary: `${repository} was deployed to ${environment}: ${state}`,
    source: repository,
    details: { sha, environment, state },
    ...(url ? { links: [{ href: url, text: 'Log of the deployment' }] } : {}),
  });
  return 'told';
}
