import { createHmac, randomUUID } from 'node:crypto';

interface Example {
  title: string;
  service: { id: string; name: string };
  urgency: 'high' | 'low';
}

/** An incident that calls for a run. */
export const unhealthyInstance: Example = {
  title: 'EC2 instance i-0abc12345def67890 fails its status check (StatusCheckFailed)',
  service: { id: 'PCHECKO', name: 'Checkout' },
  urgency: 'high',
};

/** An incident that no trigger answers, to see why nothing ran. */
export const fullDisk: Example = {
  title: 'Disk 81 % full on reports-1',
  service: { id: 'PSEARCH', name: 'Search' },
  urgency: 'low',
};

/** A webhook of PagerDuty, as it would send it (https://developer.pagerduty.com/docs/webhooks-overview). */
export function exampleWebhook(at: Date, { title, service, urgency }: Example = unhealthyInstance) {
  const id = randomUUID().replaceAll('-', '').slice(0, 13).toUpperCase();
  const occurredAt = at.toISOString();
  return {
    event: {
      id: `01${id}${id.slice(0, 11)}`,
      event_type: 'incident.triggered',
      resource_type: 'incident',
      occurred_at: occurredAt,
      agent: { id: service.id, type: 'service_reference', summary: service.name },
      client: { name: 'Monitoring Service' },
      data: {
        id: `Q${id}`,
        type: 'incident',
        number: 1,
        status: 'triggered',
        incident_key: id.toLowerCase(),
        created_at: occurredAt,
        title,
        service: { id: service.id, type: 'service_reference', summary: service.name },
        assignees: [{ id: 'PADALOP', type: 'user_reference', summary: 'Ada Lopez' }],
        escalation_policy: {
          id: 'PEPCHEC',
          type: 'escalation_policy_reference',
          summary: 'Checkout on-call',
        },
        teams: [],
        priority: null,
        urgency,
        conference_bridge: null,
        resolve_reason: null,
      },
    },
  };
}

/** The header that proves where a webhook comes from: HMAC-SHA256 over the body's bytes. */
export function signWebhook(body: string, secret: string): string {
  return `v1=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
