import { defineTrigger } from '../triggers/trigger.ts';
import { batonFlow } from './baton-flow.ts';

export const benchTrigger = defineTrigger({
  name: 'bench',
  on: 'pagerduty.incident.triggered',
  when: { 'urgency is high': ({ urgency }) => urgency === 'high' },
  run: batonFlow,
  input: ({ id }) => ({ incidentId: id, channelId: process.env.BENCH_CHANNEL ?? '' }),
});
