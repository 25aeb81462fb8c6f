import { ec2UnhealthyRestart } from '../../workflows/ec2-unhealthy-restart.ts';
import { defineStartable } from '../startable.ts';
import { aboutIncident } from './incident.ts';

export const ec2UnhealthyRestartByHand = defineStartable({
  run: ec2UnhealthyRestart,
  summary: 'Reboots the EC2 instances of an incident that fail their checks, if their tag allows that',
  ...aboutIncident,
});
