import { defineTrigger } from '../../../triggers/trigger.ts';
import { tellOfRun } from '../workflows/tell-of-run.ts';

export const rebootRefused = defineTrigger({
  name: 'reboot-refused',
  on: ['approval.refused', 'approval.expired'],
  when: { 'is of the restart': ({ workflow }) => workflow === 'ec2UnhealthyRestart' },
  run: tellOfRun,
  input: ({ runId, workflow, summary, state }) => ({
    channelId: 'C0PLATFORM',
    runId,
    workflow,
    target: summary,
    outcome: state,
  }),
  each: 'event',
  forPeople: true,
});
