import { definePagePolicy } from '../../../../triggers/page-policy.ts';
import { ec2UnhealthyRestart } from '../../../../workflows/ec2-unhealthy-restart.ts';

export const pagesOfRestarts = definePagePolicy({
  workflow: ec2UnhealthyRestart,
  // By whose routing key the page is raised.
  connection: 'payments',
  // With `default` this would say all classes.
  severity: { ProviderRefused: 'warning', TimedOut: 'critical' },
  // Whoever starts it by hand sees how it ends.
  whenStartedByPeople: false,
});
