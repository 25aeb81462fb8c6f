import { z } from 'zod';
import type {
  SetUpChange,
  SetUpFound,
  SetUpGiven,
  SetUpItem,
  SetUpNamed,
  SetUpSoFar,
  SetUpStep,
} from '../../domain/set-up.ts';
import type { SetUpAnswers } from '../../domain/set-up-questions.ts';
import { afterChange, conflict, invalidInput } from '../failures.ts';
import { decorative, listOf, membersOf } from '../lenient.ts';
import type { PagerDuty } from './client.ts';
import { isSuccess, isWithheld, readSuccess } from './failures.ts';
import { reference } from './incident.ts';
import { readPages } from './pages.ts';

/** Everything that Baton reads and that PagerDuty lets be subscribed to about incidents. https://developer.pagerduty.com/docs/webhooks-overview */
export const subscribedEvents = [
  'incident.triggered',
  'incident.acknowledged',
  'incident.unacknowledged',
  'incident.resolved',
  'incident.reopened',
  'incident.escalated',
  'incident.delegated',
  'incident.reassigned',
  'incident.priority_updated',
  'incident.service_updated',
  'incident.incident_type.changed',
  'incident.annotated',
  'incident.status_update_published',
  'incident.responder.added',
  'incident.responder.replied',
  'incident.conference_bridge.updated',
  'incident.custom_field_values.updated',
  'incident.workflow.started',
  'incident.workflow.completed',
];

const eventsIntegration = 'events_api_v2_inbound_integration';

/** The service, its integration, and the subscription, as far as they are asked for. */
export function setUpSteps(
  client: PagerDuty,
  given: SetUpGiven,
): readonly ((soFar: SetUpSoFar) => SetUpStep | undefined)[] {
  const { answers } = given;
  const { webhook } = answers;
  return [
    () => (answers.service === undefined ? undefined : serviceStep(client, answers.service, answers)),
    ({ service }) =>
      service && answers.routingKey === undefined
        ? integrationStep(client, service, answers.integration ?? integrationNameFor('baton', service.name))
        : undefined,
    ({ service }) =>
      webhook === undefined || webhook === 'none'
        ? undefined
        : subscriptionStep(client, given, webhook, service),
  ];
}

/** By this a service that setup has made is known. */
const ownDescription = 'Made by baton setup';

async function descriptionOf(client: PagerDuty, serviceId: string, signal: AbortSignal) {
  const answer = await client.get(`/services/${serviceId}`, {}, signal);
  const described = z.object({ service: z.object({ description: decorative(z.string()) }) });
  return readSuccess(answer, described).service.description;
}

function serviceStep(client: PagerDuty, asked: string, { escalationPolicy }: SetUpAnswers): SetUpStep {
  return {
    kind: 'service',
    name: asked,
    of: '',
    async look(kept, signal) {
      const { found, similar } = await findNamed(client, 'services', asked, signal);
      if (found) {
        // It was about to be made when that process ended: a person may have made one of this name.
        const isUnsure = kept !== undefined && kept.id === undefined;
        const isOthers = isUnsure && (await descriptionOf(client, found.id, signal)) !== ownDescription;
        return { there: isOthers ? { ...found, isOthers } : found };
      }
      if (escalationPolicy === undefined)
        throw invalidInput(
          'PagerDuty',
          `there is no service ${asked}${like(similar)}. Name one that is there, or give an escalation policy for a new one`,
        );
      const policies = await findNamed(client, 'escalation_policies', escalationPolicy, signal);
      if (!policies.found)
        throw invalidInput(
          'PagerDuty',
          `there is no escalation policy ${escalationPolicy}${like(policies.similar)}`,
        );
      const body = {
        service: {
          type: 'service',
          name: asked,
          description: ownDescription,
          escalation_policy: { id: policies.found.id, type: 'escalation_policy_reference' },
          alert_creation: 'create_alerts_and_incidents',
        },
      };
      return {
        calls: [{ method: 'POST', path: '/services', body }],
        willBe: { id: `<id of the new service>`, name: asked, isNew: true },
        async make(until) {
          const answer = await client.postUnsigned('/services', until, body);
          const { service } = readSuccess(answer, z.object({ service: reference }));
          return { id: service.id, name: service.name };
        },
      };
    },
  };
}

const integration = z
  .object({
    id: z.string(),
    type: decorative(z.string()),
    name: decorative(z.string()),
    summary: decorative(z.string()),
    integration_key: decorative(z.string()),
  })
  .transform(({ id, type, name, summary, integration_key: key }) => ({
    id,
    name: name ?? summary ?? '',
    takesEvents: type?.startsWith(eventsIntegration) === true,
    key,
  }));
const wholeIntegration = z.object({ integration });

/** The integrations of a service, with their keys as far as the token is shown them. */
export async function readIntegrations(client: PagerDuty, serviceId: string, signal: AbortSignal) {
  const answer = await client.get(`/services/${serviceId}`, { 'include[]': 'integrations' }, signal);
  return readSuccess(answer, z.object({ service: z.object({ integrations: listOf(integration) }) })).service
    .integrations;
}

function integrationStep(client: PagerDuty, service: SetUpFound, name: string): SetUpStep {
  const path = `/services/${service.id}/integrations`;
  const found = (id: string, key: string): SetUpFound => {
    const warning = nameWarning(name, service.name);
    const warnings = warning === undefined ? {} : { warnings: [warning] };
    return { id, name, values: () => ({ PAGERDUTY_ROUTING_KEY: key }), ...warnings };
  };
  return {
    kind: 'integration',
    name,
    of: service.id,
    async look(_, signal) {
      const all = service.isNew ? [] : await readIntegrations(client, service.id, signal);
      const own = all.find((each) => each.name === name && each.takesEvents);
      if (own) return { there: found(own.id, own.key ?? (await keyOf(client, `${path}/${own.id}`, signal))) };
      const body = { integration: { type: eventsIntegration, name } };
      return {
        calls: [{ method: 'POST', path, body }],
        willBe: { ...found('<id of the new integration>', ''), isNew: true },
        async make(until) {
          const answer = await client.postUnsigned(path, until, body);
          const { id, key } = readSuccess(answer, wholeIntegration).integration;
          const read = () =>
            keyOf(client, `${path}/${id}`, until).catch((error: unknown) => {
              throw afterChange(error);
            });
          return found(id, key ?? (await read()));
        },
      };
    },
  };
}

async function keyOf(client: PagerDuty, path: string, signal: AbortSignal): Promise<string> {
  const { integration: read } = readSuccess(await client.get(path, {}, signal), wholeIntegration);
  if (read.key) return read.key;
  throw conflict(
    'PagerDuty',
    `the integration ${read.name} does not show its key to this token. Copy the key there, and give it as the routing key`,
  );
}

const subscription = z
  .object({
    id: z.string(),
    active: decorative(z.boolean()),
    events: listOf(z.string()),
    filter: decorative(z.object({ type: z.string(), id: decorative(z.string()) })),
    delivery_method: z.object({ url: z.string(), temporarily_disabled: decorative(z.boolean()) }),
  })
  .transform(({ id, active, events, filter, delivery_method: { url, temporarily_disabled: disabled } }) => ({
    id,
    url,
    events,
    active: active !== false && disabled !== true,
    filter: filterName(filter?.type.replace(/_reference$/, '') ?? 'account', filter?.id ?? ''),
  }));
const subscriptions = z
  .object({ webhook_subscriptions: membersOf(subscription) })
  .transform(({ webhook_subscriptions: all }) => all);
/** The secret comes with this answer alone. */
const newSubscription = z.object({
  webhook_subscription: z.object({
    id: z.string(),
    delivery_method: z.object({ secret: z.string().min(1) }),
  }),
});

const filterName = (of: string, id: string) => (of === 'account' ? of : `${of} ${id}`);

/** All subscriptions of the account. */
export const readSubscriptions = async (client: PagerDuty, signal: AbortSignal) =>
  (await readPages(client, '/webhook_subscriptions', {}, subscriptions, signal)).items;

function subscriptionStep(
  client: PagerDuty,
  { address = '', connection, values, answers: { team, replaceSubscription } }: SetUpGiven,
  of: string,
  service: SetUpFound | undefined,
): SetUpStep {
  const hasSecret = values.PAGERDUTY_WEBHOOK_SECRETS !== undefined;
  const kind = 'webhook subscription';
  const name = of === 'account' ? of : `${of} ${of === 'team' ? team : service?.name}`;

  async function filterFor(signal: AbortSignal) {
    if (of === 'account') return { type: 'account_reference' };
    if (of === 'service') {
      if (service) return { type: 'service_reference', id: service.id };
      throw invalidInput('PagerDuty', 'for the webhooks of a service a service has to be named');
    }
    if (!team) throw invalidInput('PagerDuty', 'for the webhooks of a team a team has to be named');
    const { found, similar } = await findNamed(client, 'teams', team, signal);
    if (!found) throw invalidInput('PagerDuty', `there is no team ${team}${like(similar)}`);
    return { type: 'team_reference', id: found.id };
  }

  return {
    kind,
    name,
    of: '',
    async look(kept: SetUpItem | undefined, signal) {
      const filter = await filterFor(signal);
      const wanted = filterName(of, filter.id ?? '');
      const all = await readSubscriptions(client, signal);
      const here = all.filter(({ url }) => url === address);
      const same = here.filter((each) => each.filter === wanted);
      const own = same.find(({ id }) => id === kept?.id) ?? same[0];
      // Setup has made them: they lead to an earlier address of ours, or were to be replaced when that process ended.
      const left = all.filter((each) => each !== own && [kept?.id, kept?.earlier].includes(each.id));
      const besides = here
        .filter((each) => each.filter !== wanted)
        .map(
          ({ id, filter: its }) =>
            `The subscription ${id} (${its}) leads here too: what is in both comes twice, and counts once`,
        );
      // It was about to be made when that process ended: whoever was given its secret is gone.
      const isLost = kept !== undefined && kept.id === undefined;
      if (own && !isLost && !replaceSubscription) {
        if (!hasSecret)
          throw conflict(
            'PagerDuty',
            `the subscription ${own.id} leads to ${address} already, and tells its secret to nobody. Give its secret, or have it replaced by a new one`,
          );
        const missing = subscribedEvents.filter((event) => !own.events.includes(event));
        const warnings = [...besides];
        if (!own.active)
          warnings.push(`The subscription ${own.id} is switched off in PagerDuty: switch it on there`);
        if (missing.length > 0)
          warnings.push(
            `The subscription ${own.id} does not send ${missing.join(', ')}: add them there, or have it replaced`,
          );
        const there = { id: own.id, name, warnings };
        return left.length === 0 ? { there } : { there, change: removalOf(client, left) };
      }
      const body = {
        webhook_subscription: {
          type: 'webhook_subscription',
          description: `Baton, connection ${connection}`,
          active: true,
          events: subscribedEvents,
          filter,
          delivery_method: { type: 'http_delivery_method', url: address },
        },
      };
      const before = removalOf(client, [...new Set([...same, ...left])]);
      return {
        calls: [{ method: 'POST', path: '/webhook_subscriptions', body }, ...before.calls],
        willBe: { id: '<id of the new subscription>', name, warnings: besides, isNew: true },
        async make(until) {
          // The new one comes first, so that nothing that happens meanwhile is lost. What comes by both counts once.
          const answer = await client.postUnsigned('/webhook_subscriptions', until, body);
          const { id, delivery_method } = readSuccess(answer, newSubscription).webhook_subscription;
          return {
            id,
            name,
            values: ({ PAGERDUTY_WEBHOOK_SECRETS: earlier }) => ({
              PAGERDUTY_WEBHOOK_SECRETS: [delivery_method.secret, ...(earlier ? [earlier] : [])].join(','),
            }),
            settle: before.make,
          };
        },
      };
    },
  };
}

function removalOf(client: PagerDuty, subscriptions: readonly { id: string }[]): SetUpChange {
  const paths = subscriptions.map(({ id }) => `/webhook_subscriptions/${id}`);
  return {
    calls: paths.map((path) => ({ method: 'DELETE', path })),
    async make(signal) {
      for (const path of paths) await removed(client, path, signal);
    },
  };
}

/** Takes away what may be gone already. */
export async function removed(client: PagerDuty, path: string, signal: AbortSignal): Promise<void> {
  const answer = await client.delete(path, signal);
  if (!isSuccess(answer) && answer.status !== 404) readSuccess(answer, z.never());
}

/** The one of exactly this name or id, small and large letters alike, and the names of some that are like it. */
async function findNamed(
  client: PagerDuty,
  list: 'services' | 'escalation_policies' | 'teams',
  asked: string,
  signal: AbortSignal,
): Promise<{ found: SetUpNamed | undefined; similar: string[] }> {
  const text = asked.trim().toLowerCase();
  const page = z
    .object({ [list]: membersOf(reference) })
    .transform((read) => (read as Record<string, SetUpNamed[]>)[list] ?? []);
  const { items } = await readPages(client, `/${list}`, { query: asked.trim() }, page, signal);
  const byName = items.find(({ id, name }) => [id, name].some((each) => each.toLowerCase() === text));
  const found = byName ?? (await findById(client, list, asked.trim(), signal));
  return {
    found: found && { id: found.id, name: found.name },
    similar: items.slice(0, 10).map(({ name }) => name),
  };
}

/** PagerDuty looks for a query in names alone. */
async function findById(
  client: PagerDuty,
  list: 'services' | 'escalation_policies' | 'teams',
  id: string,
  signal: AbortSignal,
): Promise<SetUpNamed | undefined> {
  if (!/^P[A-Z0-9]{6,31}$/.test(id)) return undefined;
  const answer = await client.get(`/${list}/${id}`, {}, signal);
  if (isWithheld(answer)) return undefined;
  const root = { services: 'service', escalation_policies: 'escalation_policy', teams: 'team' }[list];
  return (readSuccess(answer, z.object({ [root]: reference })) as Record<string, SetUpNamed>)[root];
}

const like = (similar: readonly string[]) =>
  similar.length === 0 ? '' : ` (there are ${similar.join(', ')})`;

/** A name as it stands in another one: `Checkout API` is `checkout-api`. */
const slug = (name: string) =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

/** What sends, and to which service. */
export const integrationNameFor = (tool: string, service: string) => `${tool}-${slug(service)}`;

/** That an integration is not named after tool and service; undefined: it is. */
export const nameWarning = (name: string, service: string): string | undefined =>
  isToolAndService(name, service)
    ? undefined
    : `The integration ${name} is not named <tool>-<service>, as ${integrationNameFor('baton', service)}: nobody sees by its name what sends here`;

function isToolAndService(name: string, service: string): boolean {
  const [tool = ''] = name.split('-');
  return /^[a-z0-9]+$/.test(tool) && name === integrationNameFor(tool, service);
}
