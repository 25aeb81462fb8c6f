import { pagerdutyProductionIncidentPolicy } from '../../workflows/pagerduty-production-incident-policy.ts';
import { defineStartable } from '../startable.ts';
import { aboutIncident } from './incident.ts';

export const pagerdutyProductionIncidentPolicyByHand = defineStartable({
  run: pagerdutyProductionIncidentPolicy,
  summary: 'Opens issue and room for an incident, and keeps them in step with it',
  ...aboutIncident,
});
