import { quietIncident } from '../workflows/quiet-incident.ts';
import { defineTrigger } from './trigger.ts';

/** One run watches an incident for as long as it is open: later acknowledgements join it. */
export const quietIncidentTrigger = defineTrigger({
  name: 'quiet-incident',
  on: 'pagerduty.incident.acknowledged',
  when: { 'urgency is high': ({ urgency }) => urgency === 'high' },
  run: quietIncident,
  input: ({ id }) => ({ incidentId: id, after: '60 minutes' as const }),
  forPeople: true,
});
