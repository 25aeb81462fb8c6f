import { activities } from '../../../triggers/activities.ts';
import { defineTrigger } from '../../../triggers/trigger.ts';
import { tellOfRun } from '../workflows/tell-of-run.ts';

export const rebootFails = defineTrigger({
  name: 'reboot-fails',
  ...activities({
    activities: ['rebootEc2Instances'],
    states: ['failed', 'timed out'],
    tags: ['remediation'],
  }),
  run: tellOfRun,
  input: ({ runId, activity, targets, failure }) => ({
    channelId: 'C0PLATFORM',
    runId,
    workflow: activity,
    target: targets.join(', '),
    outcome: failure.class,
  }),
  target: ({ target }) => target,
  forPeople: true,
});
