import { ec2UnhealthyRestart, findInstanceId } from '../workflows/ec2-unhealthy-restart.ts';
import { defineTrigger } from './trigger.ts';

const saysUnhealthy = (title: string) => /\bec2\b/i.test(title) && /\bunhealthy\b/i.test(title);

export const ec2Unhealthy = defineTrigger({
  name: 'ec2-unhealthy',
  on: 'pagerduty.incident.triggered',
  when: {
    'title names an EC2 instance, a failed status check or an unhealthy EC2': ({ title }) =>
      findInstanceId([title]) !== undefined || title.includes('StatusCheckFailed') || saysUnhealthy(title),
  },
  run: ec2UnhealthyRestart,
  input: ({ id }) => ({ incidentId: id }),
  target: ({ title, service }) => findInstanceId([title]) ?? service.name,
});
