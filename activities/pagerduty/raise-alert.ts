import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { severity, worded } from './alert-defaults.ts';
import { aboutRun, clientUrl, linksAbout } from './alert-links.ts';
import { failureFor, isSuccess } from './failures.ts';
import { dedupKey, links, time } from './input.ts';
import { cut } from './text.ts';

const maxSummary = 1024;
/** PagerDuty takes 512 KB in all: so much of them are for the details, for links and for images, and the rest of the event is short. */
const maxDetailsBytes = 400 * 1024;
const maxLinksBytes = 32 * 1024;
const maxFieldLength = 1024;

/**
 * Safe to repeat: the same key joins the open alert. PagerDuty queues the event, so success does not mean that an alert
 * is there (a disabled service or an orchestration can drop it). A summary that is too long is cut and stands whole in
 * the details. https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
 */
export const raisePagerDutyAlert = defineActivity({
  name: 'raisePagerDutyAlert',
  kind: 'change',
  onlyTells: true,
  provider: 'pagerduty',
  summary: 'Raises an alert, or adds to the open one with its key',
  permissions: ['Events API v2 integration key'],
  targets: ({ dedupKey }) => [`pagerduty-alert:${dedupKey}`],
  input: z.object({
    connection: connectionName,
    actor,
    dedupKey,
    summary: z.string().min(1),
    source: z.string().min(1),
    severity,
    overridable: z
      .boolean()
      .optional()
      .describe('Where the connection has a severity or summary of its own, that one counts'),
    timestamp: time.optional(),
    component: z.string().optional(),
    group: z.string().optional(),
    class: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
    links: links.optional(),
    about: aboutRun.optional().describe('The run of Baton that it is about: gives links to it'),
    images: z
      .array(
        z.object({
          src: z.url({ protocol: /^https$/ }),
          href: z.url().optional(),
          alt: z.string().optional(),
        }),
      )
      .optional(),
  }),
  output: z.object({ changed: z.boolean(), dedupKey: z.string() }),
  example: {
    dedupKey: 'baton/checkout-latency/shop/checkout',
    summary: 'checkout-latency failed: the rollout is not complete',
    source: 'baton',
    severity: 'error',
  },
  inverse: { activity: 'resolvePagerDutyAlert' },
  async look({ connection, dedupKey, ...given }, { pagerduty }) {
    const client = await pagerduty(connection);
    const { summary, severity } = given.overridable ? worded(given, client.alerts) : given;
    return {
      plan: {
        summary: `Raises the alert ${dedupKey}, or adds to the open one: ${cut(summary, 100)}`,
        calls: [`POST /v2/enqueue event_action=trigger dedup_key=${dedupKey} severity=${severity}`],
        values: { summary, severity },
        inverse: { activity: 'resolvePagerDutyAlert', input: { connection, dedupKey } },
        output: { changed: true, dedupKey },
      },
    };
  },
  async act(
    { values: { summary, severity } },
    { connection, dedupKey, source, timestamp, component, group, details, ...rest },
    { pagerduty, attempt: { signal } },
  ) {
    const client = await pagerduty(connection);
    const whole = summary.length > maxSummary ? { summary: cut(summary, 32 * 1024) } : {};
    const { about } = rest;
    const page = clientUrl(client.publicUrl, about?.run ?? details?.run);
    const short = (text: string | undefined) => (text === undefined ? undefined : cut(text, maxFieldLength));
    const event = {
      event_action: 'trigger',
      dedup_key: dedupKey,
      client: 'Baton',
      client_url: page,
      links: thatFit([...(about ? linksAbout(about, client) : []), ...(rest.links ?? [])]),
      images: thatFit(rest.images ?? []),
      payload: {
        summary: cut(summary, maxSummary),
        source: cut(source, maxFieldLength),
        severity,
        timestamp,
        component: short(component),
        group: short(group),
        class: short(rest.class),
        custom_details: detailsThatFit({ ...details, ...whole }, page),
      },
    };
    const answer = await client.enqueue('/v2/enqueue', event, signal);
    if (!isSuccess(answer)) throw failureFor(answer);
    return { changed: true, dedupKey };
  },
});

/** Details that are too long are cut, and say where the rest is to be read. */
function detailsThatFit(details: Record<string, unknown>, page: string | undefined): Record<string, unknown> {
  const text = JSON.stringify(details);
  if (Buffer.byteLength(text) <= maxDetailsBytes) return details;
  return {
    truncated: true,
    ...(page === undefined ? {} : { whole: page }),
    text: cut(text, maxDetailsBytes / 4),
  };
}

/** The first of the items that together are not too long; undefined where there are none. */
function thatFit<Item>(items: readonly Item[]): Item[] | undefined {
  let bytes = 0;
  const kept = items.filter((item) => {
    bytes += Buffer.byteLength(JSON.stringify(item));
    return bytes <= maxLinksBytes;
  });
  return kept.length === 0 ? undefined : kept;
}
