import { z } from 'zod';
import type { SetUp, SetUpNamed } from '../../domain/set-up.ts';
import { decorative, membersOf } from '../lenient.ts';
import { abilitiesSchema, ownerOf } from './check.ts';
import type { PagerDuty } from './client.ts';
import { failureFor, isSuccess, isWithheld, readSuccess } from './failures.ts';
import { reference } from './incident.ts';
import { keyComplaints } from './key-kind.ts';
import { setUpRemoval } from './set-up-removal.ts';
import { readSubscriptions, setUpSteps } from './set-up-steps.ts';
import { findUser } from './users.ts';

/** As many as one page holds. */
const pageSize = '100';

/** How an account of PagerDuty is connected: a service with an integration, whose key pages, and a subscription, by which its webhooks come. */
export const setUpPagerDuty: SetUp<PagerDuty> = {
  complaints: keyComplaints,

  async account(client, values, signal) {
    const owner = await ownerOf(client, signal, values);
    const answer = await client.get('/abilities', {}, signal);
    const { abilities } = isSuccess(answer) ? readSuccess(answer, abilitiesSchema) : { abilities: [] };
    return { owner: owner?.email ? { name: owner.name, email: owner.email } : undefined, abilities };
  },

  isUser: async (client, email, signal) => (await findUser(client, email, signal)) !== undefined,

  async choices(client, query, signal) {
    const [services, escalationPolicies, teams] = await Promise.all(
      (['services', 'escalation_policies', 'teams'] as const).map((list) =>
        firstOf(client, list, query, signal),
      ),
    );
    return {
      services: services?.items ?? [],
      escalationPolicies: escalationPolicies?.items ?? [],
      teams: teams?.items ?? [],
      more: [services, escalationPolicies, teams].some((list) => list?.more),
    };
  },

  async subscriptions(client, address, signal) {
    const all = await readSubscriptions(client, signal);
    return all.filter(({ url }) => url === address).map(({ id, filter, active }) => ({ id, filter, active }));
  },

  steps: setUpSteps,
  removal: setUpRemoval,

  async ping(client, subscription, signal) {
    const answer = await client.postUnsigned(`/webhook_subscriptions/${subscription}/ping`, signal);
    if (!isSuccess(answer)) throw failureFor(answer);
  },
};

/** What the token may not read, or the plan does not have, is as if there were none: then its id or name has to be known. */
async function firstOf(
  client: PagerDuty,
  list: 'services' | 'escalation_policies' | 'teams',
  query: string | undefined,
  signal: AbortSignal,
): Promise<{ items: SetUpNamed[]; more: boolean }> {
  const answer = await client.get(`/${list}`, { query: query || undefined, limit: pageSize }, signal);
  if (isWithheld(answer)) return { items: [], more: false };
  const page = z.object({ [list]: membersOf(reference), more: decorative(z.boolean()) });
  const read = readSuccess(answer, page) as { more?: boolean | null } & Record<string, SetUpNamed[]>;
  const items = (read[list] ?? []).map(({ id, name }) => ({ id, name }));
  return { items, more: read.more === true };
}
