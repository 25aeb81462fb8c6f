import { z } from 'zod';
import type { SetUp, SetUpAccount, SetUpNamed } from '../../domain/set-up.ts';
import { invalidInput } from '../failures.ts';
import { decorative, membersOf } from '../lenient.ts';
import { abilitiesSchema, ownerOf } from './check.ts';
import type { PagerDuty } from './client.ts';
import { askConsent } from './consent.ts';
import { failureFor, isSuccess, isWithheld, readSuccess } from './failures.ts';
import { reference } from './incident.ts';
import { keyComplaints } from './key-kind.ts';
import { wantedScopes } from './scopes.ts';
import { setUpRemoval } from './set-up-removal.ts';
import { readSubscriptions, setUpSteps } from './set-up-steps.ts';
import { findUser } from './users.ts';

/** As many as one page holds. */
const pageSize = '100';

/** How an account of PagerDuty is connected: a service with an integration, whose key pages, and a subscription, by which its webhooks come. */
export const setUpPagerDuty: SetUp<PagerDuty> = {
  complaints: keyComplaints,
  // Keys and addresses are what setup is about to see to.
  seenTo: /^(Events API|PAGERDUTY_)/,

  async account(client, values, signal) {
    const owner = await ownerOf(client, signal, values);
    const answer = await client.get('/abilities', {}, signal);
    const { abilities } = isSuccess(answer) ? readSuccess(answer, abilitiesSchema) : { abilities: [] };
    return { owner: owner?.email ? { name: owner.name, email: owner.email } : undefined, abilities };
  },

  async choices(client, { query }, signal) {
    const [services, escalationPolicies, teams] = await Promise.all(
      (['services', 'escalation_policies', 'teams'] as const).map((list) =>
        firstOf(client, list, query, signal),
      ),
    );
    const shown = (list: Page | undefined) =>
      (list?.items ?? []).map(({ id, name }) => ({ value: id, label: name, hint: id }));
    return {
      lists: { service: shown(services), escalationPolicy: shown(escalationPolicies), team: shown(teams) },
      more: [services, escalationPolicies, teams].some((list) => list?.more),
    };
  },

  async prepare(client, { answers, values }, { owner }, signal) {
    const { routingKey } = answers;
    if (answers.service === undefined && routingKey === undefined)
      throw invalidInput(
        'PagerDuty',
        'Give a service (service), or an integration key that you have (routingKey)',
      );
    if (answers.webhook === undefined)
      throw invalidInput(
        'PagerDuty',
        'Say of what webhooks are to come (webhook): account, team, service, or none',
      );
    const from = await fromOf(client, { given: answers.from ?? values.PAGERDUTY_FROM_EMAIL, owner }, signal);
    const warnings = routingKey?.startsWith('R')
      ? ['The key begins with R, so it is of an orchestration: it takes alerts, and no change events']
      : [];
    return { values: { PAGERDUTY_FROM_EMAIL: from }, warnings };
  },

  webhooks: ({ webhook }) => (webhook === 'none' ? undefined : {}),
  steps: setUpSteps,
  removal: setUpRemoval,
  // A subscription leads to one connection alone, and has no key.
  sharedBy: ({ kind }) => (kind === 'webhook subscription' ? undefined : 'PAGERDUTY_ROUTING_KEY'),

  ping: {
    kind: 'webhook subscription',
    type: 'pagerduty.pagey.ping',
    async leadingTo(client, { address }, signal) {
      const all = await readSubscriptions(client, signal);
      return all
        .filter(({ url }) => url === address)
        .map(({ id, filter, active }) => ({ id, name: active ? filter : `${filter}, switched off` }));
    },
    async send(client, { id }, signal) {
      const answer = await client.postUnsigned(`/webhook_subscriptions/${id}/ping`, signal);
      if (!isSuccess(answer)) throw failureFor(answer);
      return '';
    },
  },

  consent: askConsent,

  papers: async ({ rights }) => [
    {
      name: 'pagerduty-scopes.txt',
      text: `${[...new Set([...rights.filter((right) => right.includes('.')), ...wantedScopes])].sort().join('\n')}\n`,
    },
  ],
};

/** The user in whose name automation acts. */
async function fromOf(
  client: PagerDuty,
  { given, owner }: { given: string | undefined; owner: SetUpAccount['owner'] },
  signal: AbortSignal,
): Promise<string> {
  const from = given ?? owner?.email;
  if (from === undefined)
    throw invalidInput(
      'PagerDuty',
      'the token is of the account, and so of no user: give the address of a user in whose name automation acts (from)',
    );
  if (from !== owner?.email && (await findUser(client, from, signal)) === undefined)
    throw invalidInput(
      'PagerDuty',
      `No user of the account has the address ${from}. Give that of one (from)`,
    );
  return from;
}

interface Page {
  items: SetUpNamed[];
  more: boolean;
}

/** What the token may not read, or the plan does not have, is as if there were none: then its id or name has to be known. */
async function firstOf(
  client: PagerDuty,
  list: 'services' | 'escalation_policies' | 'teams',
  query: string | undefined,
  signal: AbortSignal,
): Promise<Page> {
  const answer = await client.get(`/${list}`, { query: query || undefined, limit: pageSize }, signal);
  if (isWithheld(answer)) return { items: [], more: false };
  const page = z.object({ [list]: membersOf(reference), more: decorative(z.boolean()) });
  const read = readSuccess(answer, page) as { more?: boolean | null } & Record<string, SetUpNamed[]>;
  const items = (read[list] ?? []).map(({ id, name }) => ({ id, name }));
  return { items, more: read.more === true };
}
