import { scaleOut } from '../../workflows/scale-out.ts';
import { defineStartable } from '../startable.ts';
import { aboutIncident } from './incident.ts';

export const scaleOutByHand = defineStartable({
  run: scaleOut,
  summary: 'Gives the deployment of an incident more pods, and takes them away again once it is quiet',
  ...aboutIncident,
  whenResolved: 'continue',
});
