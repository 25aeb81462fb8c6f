import { severityRaised } from '../workflows/severity-raised.ts';
import { isHighestPriority } from './highest-priority.ts';
import { defineTrigger } from './trigger.ts';

/** Once for each incident: what is lowered and raised again has its people already, unless it was lowered before the run looked. */
export const severityRaisedTrigger = defineTrigger({
  name: 'severity-raised',
  on: 'pagerduty.incident.priority_updated',
  when: { 'priority is P1 or SEV1': ({ priority }) => isHighestPriority(priority?.name ?? '') },
  run: severityRaised,
  input: ({ id, priority }) => ({ incidentId: id, priority: priority?.name ?? '' }),
  // People are asked for an hour, three times at most.
  finishWithin: '4 hours',
});
