import { defineDrill } from '../../../../triggers/drills/drill.ts';
import { ec2Unhealthy } from '../../../../triggers/ec2-unhealthy.ts';

export const canaryRestart = defineDrill({
  name: 'canary-restart',
  alert: { title: 'EC2 i-0fedcba9876543210 StatusCheckFailed' },
  trigger: ec2Unhealthy,
  mode: 'observe',
  expects: { outcome: 'healthy again', steps: ['listEc2InstanceStatuses'] },
  schedule: { cron: '0 9 * * 1', timeZone: 'Europe/Zurich' },
});
