import { defineTrigger } from '../../../triggers/trigger.ts';
import { pagerdutyProductionIncidentPolicy } from '../../../workflows/pagerduty-production-incident-policy.ts';

export const checkoutOnly = defineTrigger({
  name: 'checkout-only',
  on: 'pagerduty.incident.triggered',
  when: {
    'concerns the checkout service': ({ service }) => service.name === 'Checkout',
    'urgency is high': ({ urgency }) => urgency === 'high',
  },
  run: pagerdutyProductionIncidentPolicy,
  input: ({ id }) => ({ incidentId: id }),
});
