import { acknowledgeAs, raiseIncident } from '../../../simulator/pagerduty.ts';
import type { Providers } from '../../world.ts';
import { type Cases, next } from './case.ts';

/** An open incident with one alert on the service of the routing key. */
function newIncident({ pagerDuty }: Providers): { incidentId: string; dedupKey: string } {
  const dedupKey = `lost/${next()}`;
  const alert = { key: dedupKey, severity: 'critical' as const, summary: 'Checkout is slow', details: {} };
  const incidentId = raiseIncident(pagerDuty, { title: 'Checkout is slow', service: 'Checkout', alert });
  return { incidentId, dedupKey };
}

export const pagerDutyCases: Cases = {
  acknowledgePagerDutyAlert: [
    {
      input: (world) => ({ dedupKey: newIncident(world).dedupKey }),
      cut: 'POST /events/v2/enqueue',
      effects: ['alert acknowledged'],
    },
  ],
  acknowledgePagerDutyIncident: [
    {
      input: (world) => ({ incidentId: newIncident(world).incidentId }),
      cut: 'PUT /incidents/',
      effects: ['incident acknowledged'],
    },
  ],
  addPagerDutyNote: [
    {
      input: (world) => ({ incidentId: newIncident(world).incidentId, note: 'Looked at it' }),
      cut: 'POST /incidents/',
      effects: ['note added'],
    },
  ],
  publishPagerDutyStatusUpdate: [
    {
      input: (world) => ({ incidentId: newIncident(world).incidentId, message: 'Checkout is slow for some' }),
      cut: '/status_updates',
      effects: ['status update published'],
    },
  ],
  enablePagerDutyWebhookSubscription: [
    {
      input({ pagerDuty }) {
        const id = `PWEBHOOK${next()}`;
        pagerDuty.world.subscriptions.push({ id, url: 'http://127.0.0.1:1/', secret: 's', disabled: true });
        return { subscriptionId: id };
      },
      cut: '/enable',
      effects: ['webhook subscription enabled'],
    },
  ],
  escalatePagerDutyIncident: [
    {
      input: (world) => ({ incidentId: newIncident(world).incidentId, level: 2 }),
      cut: 'PUT /incidents/',
      effects: ['incident escalated'],
    },
  ],
  raisePagerDutyAlert: [
    {
      input: () => ({
        dedupKey: `raised/${next()}`,
        summary: 'It failed',
        source: 'baton',
        severity: 'error',
      }),
      cut: 'POST /events/v2/enqueue',
      effects: ['alert raised'],
    },
  ],
  reassignPagerDutyIncident: [
    {
      input: (world) => ({ incidentId: newIncident(world).incidentId, userIds: ['PBENOKA'] }),
      cut: 'PUT /incidents/',
      effects: ['incident reassigned'],
    },
  ],
  requestPagerDutyResponders: [
    {
      input: (world) => ({
        incidentId: newIncident(world).incidentId,
        userIds: ['PBENOKA'],
        message: 'Please help',
      }),
      cut: 'POST /incidents/',
      effects: ['responders requested'],
    },
  ],
  resolvePagerDutyAlert: [
    {
      input: (world) => ({ dedupKey: newIncident(world).dedupKey }),
      cut: 'POST /events/v2/enqueue',
      effects: ['alert resolved'],
    },
  ],
  resolvePagerDutyIncident: ['POST /incidents/', 'PUT /incidents/'].map((cut) => ({
    input: (world) => ({ incidentId: newIncident(world).incidentId, unverified: 'All checks are good' }),
    cut,
    effects: ['note added', 'incident resolved'],
  })),
  sendPagerDutyChangeEvent: [
    // With the service it is looked for and found; without it nothing is sent again.
    ...[{ serviceId: 'PCHECKO' }, {}].map((where) => ({
      input: () => ({ summary: `Restarted it, ${next()}`, ...where }),
      cut: 'POST /events/v2/change/enqueue',
      effects: ['change event added'],
    })),
    {
      input: () => ({ summary: `Restarted it, ${next()}`, toService: 'PSEARCH' }),
      cut: 'POST /events/v2/change/enqueue',
      effects: ['change event added'],
    },
  ],
  setPagerDutyIncidentBridge: [
    {
      input: (world) => ({
        incidentId: newIncident(world).incidentId,
        url: 'https://meet.example.com/checkout',
      }),
      cut: 'PUT /incidents/',
      effects: ['incident bridge set'],
    },
  ],
  setPagerDutyIncidentPriority: [
    {
      input: (world) => ({ incidentId: newIncident(world).incidentId, priority: 'P2' }),
      cut: 'PUT /incidents/',
      effects: ['incident priority set'],
    },
  ],
  setPagerDutyIncidentUrgency: [
    {
      input: (world) => ({ incidentId: newIncident(world).incidentId, urgency: 'low' }),
      cut: 'PUT /incidents/',
      effects: ['incident urgency set'],
    },
  ],
  snoozePagerDutyIncident: [
    {
      input: (world) => {
        const { incidentId } = newIncident(world);
        acknowledgeAs(world.pagerDuty, incidentId, 'PADALOP');
        return { incidentId, minutes: 30 };
      },
      cut: 'POST /incidents/',
      effects: ['incident snoozed'],
    },
  ],
};
