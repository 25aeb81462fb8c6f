import { defineTrigger } from '../../../triggers/trigger.ts';
import { tellOfDeployment } from '../workflows/tell-of-deployment.ts';

export const deployed = defineTrigger({
  name: 'deployed',
  on: 'github.deployment_status',
  when: {
    'is a deployment to production': ({ environment }) => environment === 'production',
    'has ended': ({ state }) => ['success', 'failure', 'error'].includes(state),
  },
  run: tellOfDeployment,
  input: ({ repository, environment, state, sha, url }) => ({
    repository,
    environment,
    state,
    sha,
    ...(url ? { url } : {}),
  }),
  target: ({ repository, environment }) => `${repository}/${environment}`,
  each: 'event',
});
