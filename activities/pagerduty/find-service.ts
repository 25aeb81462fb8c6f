import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { membersOf } from '../lenient.ts';
import { named, reference } from './incident.ts';
import { readPages } from './pages.ts';

const page = z.object({ services: membersOf(reference) }).transform(({ services }) => services);

/** The one of exactly this name or id, small and large letters alike: `service` is null where there is none, and `similar` names some. */
export const findPagerDutyService = defineActivity({
  name: 'findPagerDutyService',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Finds a service by name or id',
  permissions: ['services.read'],
  input: z.object({ connection: connectionName, service: z.string().min(1).max(255) }),
  output: z.object({ service: named.nullable(), similar: z.array(z.string()) }),
  example: { service: 'Checkout' },
  async run({ connection, service }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const asked = service.trim().toLowerCase();
    const isAsked = ({ id, name }: { id: string; name: string }) =>
      [id, name].some((text) => text.toLowerCase() === asked);
    // PagerDuty looks for the query in names alone.
    const byName = await readPages(client, '/services', { query: service.trim() }, page, signal);
    const { items } = byName.items.some(isAsked)
      ? byName
      : await readPages(client, '/services', {}, page, signal);
    const found = items.find(isAsked);
    return {
      service: found ? { id: found.id, name: found.name } : null,
      similar: (byName.items.length > 0 ? byName.items : items).slice(0, 10).map(({ name }) => name),
    };
  },
});
