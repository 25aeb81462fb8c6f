import { runs } from '../../../triggers/runs.ts';
import { defineTrigger } from '../../../triggers/trigger.ts';
import { tellOfRun } from '../workflows/tell-of-run.ts';

/** The channel of the team in Slack. */
const channelId = 'C0PLATFORM';

export const remediationMoves = defineTrigger({
  name: 'remediation-moves',
  ...runs({
    tags: ['remediation'],
    services: ['Checkout'],
    states: ['started', 'waiting', 'went on', 'completed', 'failed', 'timed out', 'cancelled', 'overdue'],
  }),
  run: tellOfRun,
  input: ({ runId, workflow, target, outcome }) => ({ channelId, runId, workflow, target, outcome }),
  target: ({ target }) => target,
  each: 'event',
  forPeople: true,
});
