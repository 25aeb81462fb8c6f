import { z } from 'zod';
import { type Attempt, actor, connectionName, defineActivity } from '../activity.ts';
import { invalidInput } from '../failures.ts';
import { decorative, listOf, membersOf } from '../lenient.ts';
import { aboutRun, linksToRun } from './alert-links.ts';
import { restChangeEvent } from './change-events.ts';
import type { PagerDuty } from './client.ts';
import { failureFor, isSuccess, readSuccess } from './failures.ts';
import { links, pagerDutyId, time, utcSeconds } from './input.ts';
import { readPages } from './pages.ts';
import { boundedFields, cut } from './text.ts';

/** The name of the detail that carries the key of the effect. */
const keyDetail = 'baton_key';

const inverse = { none: 'PagerDuty keeps change events' } as const;

/**
 * PagerDuty knows no key for change events and takes each one again. Ours is in the details, and later attempts look
 * for it among the events of `serviceId` before they send. Where that look is not possible (no `serviceId`, or no right
 * to it) and an earlier attempt may have sent the event, nothing is sent: one event less is better than a deploy told
 * twice, and `unconfirmed` says so. PagerDuty queues events, so a look very soon after the sending can miss one.
 */
export const sendPagerDutyChangeEvent = defineActivity({
  name: 'sendPagerDutyChangeEvent',
  kind: 'change',
  onlyTells: true,
  provider: 'pagerduty',
  purpose: 'change-events',
  summary: 'Tells PagerDuty of a change, shown beside the incidents of the service',
  permissions: ['Events API v2 integration key of a service', 'services.read'],
  input: z.object({
    connection: connectionName,
    actor,
    summary: z.string().min(1),
    source: z.string().optional(),
    timestamp: time.optional(),
    details: z.record(z.string(), z.unknown()).optional(),
    links: links.optional(),
    about: aboutRun.optional().describe('The run of Baton that has made it: gives links to it'),
    serviceId: pagerDutyId.optional().describe('The service of the routing key, to look whether it was sent'),
    toService: pagerDutyId
      .optional()
      .describe('Another service than that of the routing key: it is sent by a key of that service’s own'),
  }),
  output: z.object({ changed: z.boolean(), unconfirmed: z.boolean().optional() }),
  example: { summary: 'Restarted shop/checkout', source: 'baton', serviceId: 'PF9KMXH' },
  inverse,
  async look({ connection, summary, toService, serviceId = toService }, { pagerduty, attempt }) {
    const client = await pagerduty(connection);
    if (toService !== undefined) await integrationKeyOf(client, toService, attempt.signal);
    else if (!client.routesToService())
      throw invalidInput(
        'PagerDuty',
        'change events need the integration key of a service, not one of a ruleset',
      );

    if (attempt.number > 1 || attempt.uncertainSince) {
      const sent = serviceId === undefined ? undefined : await wasSent(client, serviceId, attempt);
      if (sent) return { done: { changed: false } };
      if (sent === undefined && attempt.uncertainSince)
        return { done: { changed: false, unconfirmed: true } };
    }
    return {
      plan: {
        summary: `Tells PagerDuty of a change: ${cut(summary, 100)}`,
        calls: [`POST /v2/change/enqueue ${JSON.stringify(cut(summary, 100))}`],
        values: {},
        inverse,
        output: { changed: true },
      },
    };
  },
  async act(
    _,
    { connection, summary, source, timestamp, details = {}, links = [], about, toService },
    { pagerduty, attempt: { key, signal } },
  ) {
    const client = await pagerduty(connection);
    const own = toService === undefined ? undefined : await integrationKeyOf(client, toService, signal);
    const payload = {
      summary: cut(summary, 1024),
      source,
      timestamp,
      custom_details: { ...boundedFields(details).fields, [keyDetail]: key },
    };
    const all = [...(about ? linksToRun(about, client) : []), ...links];
    const event = { payload, links: all.length > 0 ? all : undefined };
    const answer = await client.enqueue('/v2/change/enqueue', event, signal, own);
    if (!isSuccess(answer)) throw failureFor(answer);
    return { changed: true };
  },
});

const integrations = z.object({
  service: z.object({
    name: decorative(z.string()),
    integrations: listOf(z.object({ type: z.string(), integration_key: z.string().min(1) })),
  }),
});

/** The key of an integration of the Events API v2, which PagerDuty shows to whoever may read the service. It stays in here. */
async function integrationKeyOf(
  pagerduty: PagerDuty,
  serviceId: string,
  signal: AbortSignal,
): Promise<string> {
  const include = { 'include[]': ['integrations'] };
  const { service } = readSuccess(
    await pagerduty.get(`/services/${serviceId}`, include, signal),
    integrations,
  );
  const found = service.integrations.find(({ type }) => type.startsWith('events_api_v2_inbound_integration'));
  if (found) return found.integration_key;
  throw invalidInput(
    'PagerDuty',
    `the service ${service.name ?? serviceId} has no integration of the Events API v2: add one to it in PagerDuty`,
  );
}

const page = z
  .object({ change_events: membersOf(restChangeEvent) })
  .transform(({ change_events }) => change_events);

/** Undefined when it cannot be told. Looks back a day, longer than attempts go on. */
async function wasSent(
  pagerduty: PagerDuty,
  serviceId: string,
  { key, signal }: Attempt,
): Promise<boolean | undefined> {
  const path = `/services/${serviceId}/change_events`;
  const since = utcSeconds(new Date(Date.now() - 24 * 3600 * 1000));
  const allowed = await pagerduty.get(path, { since, limit: '1' }, signal);
  if ([402, 403, 404].includes(allowed.status)) return undefined;
  const { items } = await readPages(pagerduty, path, { since }, page, signal);
  return items.some(({ custom_details }) => custom_details?.[keyDetail] === key);
}
