import { z } from 'zod';
import type { SetUpItem, SetUpRemoval } from '../../domain/set-up.ts';
import { decorative, membersOf } from '../lenient.ts';
import type { PagerDuty } from './client.ts';
import { readSuccess } from './failures.ts';
import { readIntegrations, removed } from './set-up-steps.ts';

const nothing = async () => undefined;

/** How each thing that setup makes is taken away. PagerDuty's API deletes no integration. */
export function setUpRemoval(client: PagerDuty, item: SetUpItem & { id: string }): SetUpRemoval {
  const { kind, id, name, of } = item;
  switch (kind) {
    case 'webhook subscription':
      return deletion(client, `/webhook_subscriptions/${id}`, nothing);
    case 'service':
      return deletion(client, `/services/${id}`, (items, signal) =>
        useOfService(client, item, items, signal),
      );
    default:
      return {
        inUse: nothing,
        calls: [],
        remove: async () => {},
        byHand: `PagerDuty’s API deletes no integration: delete ${name} (${id}) under Services, ${of}, Integrations. Its key takes alerts until then`,
      };
  }
}

const deletion = (client: PagerDuty, path: string, inUse: SetUpRemoval['inUse']): SetUpRemoval => ({
  inUse,
  calls: [{ method: 'DELETE', path }],
  remove: (signal) => removed(client, path, signal),
});

const openIncidents = z.object({
  incidents: membersOf(z.object({ id: z.string(), summary: decorative(z.string()) })),
});

/** Open incidents, and integrations that setup has not made: somebody else sends there. */
async function useOfService(
  client: PagerDuty,
  { id, name }: SetUpItem & { id: string },
  items: readonly SetUpItem[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const there = await client.get(`/services/${id}`, {}, signal);
  if (there.status === 404) return undefined;
  const query = { 'service_ids[]': [id], 'statuses[]': ['triggered', 'acknowledged'], limit: '10' };
  const { incidents } = readSuccess(await client.get('/incidents', query, signal), openIncidents);
  if (incidents.length > 0)
    return `the service ${name} has open incidents: ${incidents.map((each) => each.summary ?? each.id).join('; ')}`;
  const own = new Set(items.map((each) => each.id));
  const others = (await readIntegrations(client, id, signal)).filter((each) => !own.has(each.id));
  return others.length === 0
    ? undefined
    : `the service ${name} has integrations that setup has not made: ${others.map((each) => each.name || each.id).join(', ')}`;
}
