import { ec2Unhealthy } from '../ec2-unhealthy.ts';
import { defineDrill } from './drill.ts';

/**
 * An alert about an instance that is well: the runbook is to see that, and to leave it alone. The instance is one of the simulated account. Put
 * one of yours here, and a schedule: { cron: '0 9 * * 1', timeZone: 'Europe/Zurich' }.
 */
export const ec2Restart = defineDrill({
  name: 'ec2-restart',
  alert: { title: 'EC2 i-0abc12345def67890 StatusCheckFailed' },
  trigger: ec2Unhealthy,
  expects: { outcome: 'healthy again', steps: ['listEc2InstanceStatuses'] },
});
