import { defineTrigger } from '../../../triggers/trigger.ts';
import { freezeDeployments } from '../workflows/freeze-deployments.ts';

export const workersGone = defineTrigger({
  name: 'workers-gone',
  on: ['worker.unhealthy', 'schedule.missed'],
  when: 'always',
  run: freezeDeployments,
  input: ({ summary }) => ({
    hook: 'https://ci.example.com/hooks/freeze',
    channelId: 'C0PLATFORM',
    why: summary,
  }),
  target: ({ about }) => about,
});
