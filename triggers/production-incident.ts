import { pagerdutyProductionIncidentPolicy } from '../workflows/pagerduty-production-incident-policy.ts';
import { defineTrigger } from './trigger.ts';

/** The policy goes on after a resolve: it closes the ticket and the room, and takes up again what is reopened. */
export const productionIncident = defineTrigger({
  name: 'production-incident',
  on: 'pagerduty.incident.triggered',
  when: { 'urgency is high': ({ urgency }) => urgency === 'high' },
  run: pagerdutyProductionIncidentPolicy,
  input: ({ id }) => ({ incidentId: id }),
  whenResolved: 'continue',
  storm: 10,
  forPeople: true,
});
