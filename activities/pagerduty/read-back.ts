import { z } from 'zod';
import { decorative, membersOf } from '../lenient.ts';
import type { PagerDuty } from './client.ts';
import { readSuccess } from './failures.ts';

/** An alert as REST tells it. */
export interface FoundAlert {
  isOpen: boolean;
  createdAt: string | undefined;
  service: { id: string; name: string };
}

const incidents = z.object({
  incidents: membersOf(
    z.object({
      id: z.string(),
      status: decorative(z.string()),
      service: z.object({ id: z.string(), summary: z.string() }),
    }),
  ),
});
const alerts = z.object({
  alerts: membersOf(
    z.object({
      alert_key: z.string(),
      status: decorative(z.string()),
      created_at: decorative(z.string()),
    }),
  ),
});

/** Of one key, so many of the newest incidents are looked through. At most one of them is open at a service. */
const looksAtMost = 5;

/**
 * The alerts with this key, those of the newest incidents first. The Events API answers 202 to whatever has the form of an event: what
 * became of it (an unknown key, a disabled service, an orchestration that drops it) shows only here.
 * https://developer.pagerduty.com/docs/events-api-v2/overview/
 */
export async function* alertsUnder(
  client: PagerDuty,
  dedupKey: string,
  signal: AbortSignal,
): AsyncGenerator<FoundAlert> {
  const query = {
    incident_key: dedupKey,
    date_range: 'all',
    sort_by: 'created_at:desc',
    limit: String(looksAtMost),
  };
  const found = readSuccess(await client.get('/incidents', query, signal), incidents).incidents;
  for (const { id, status, service } of found) {
    const answer = await client.get(`/incidents/${id}/alerts`, { alert_key: dedupKey }, signal);
    for (const alert of readSuccess(answer, alerts).alerts)
      if (alert.alert_key === dedupKey)
        yield {
          isOpen: status !== 'resolved' && alert.status !== 'resolved',
          createdAt: alert.created_at ?? undefined,
          service: { id: service.id, name: service.summary },
        };
  }
}
