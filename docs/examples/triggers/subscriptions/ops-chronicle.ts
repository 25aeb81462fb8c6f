import { defineSubscription } from '../../../../triggers/subscription.ts';
import { ec2UnhealthyRestart } from '../../../../workflows/ec2-unhealthy-restart.ts';

/** The team's chronicle hears how restarts end, and that people are asked. */
export const opsChronicle = defineSubscription({
  name: 'ops-chronicle',
  types: ['run.completed', 'run.failed', 'approval.*'],
  workflows: [ec2UnhealthyRestart],
  connection: 'chronicle',
});
