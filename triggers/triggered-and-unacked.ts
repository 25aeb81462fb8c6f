import { triggeredAndUnacked } from '../workflows/triggered-and-unacked.ts';
import { defineTrigger } from './trigger.ts';

/** Whoever acknowledges ends the run; Baton's own automations do so, too. */
export const triggeredAndUnackedTrigger = defineTrigger({
  name: 'triggered-and-unacked',
  on: 'pagerduty.incident.triggered',
  when: { 'urgency is high': ({ urgency }) => urgency === 'high' },
  run: triggeredAndUnacked,
  input: ({ id }) => ({ incidentId: id, after: '10 minutes' as const }),
  forPeople: true,
});
