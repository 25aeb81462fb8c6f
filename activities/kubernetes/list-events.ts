import type { CoreV1Event } from '@kubernetes/client-node';
import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { labelName, objectName } from './input.ts';
import { readPages } from './pages.ts';
import { boundedList, short } from './text.ts';

const involved = z.object({ kind: z.string().regex(/^[A-Za-z]{1,63}$/, 'must be a kind'), name: objectName });

const eventSchema = z.object({
  at: z.string(),
  type: z.string(),
  reason: z.string(),
  message: z.string(),
  /** How often it happened up to `at`. */
  count: z.number(),
  of: z.object({ kind: z.string(), name: z.string() }),
});

/** Newest first. The cluster keeps its events for about an hour. */
export const listKubernetesEvents = defineActivity({
  name: 'listKubernetesEvents',
  kind: 'read',
  provider: 'kubernetes',
  summary: 'Lists the warnings (or the normal events) in a namespace, of everything in it or of one object',
  permissions: ['events list'],
  input: z.object({
    connection: connectionName,
    namespace: labelName,
    of: involved.optional(),
    sinceSeconds: z.number().int().positive().optional(),
    type: z.enum(['Warning', 'Normal']).default('Warning'),
  }),
  output: z.object({ events: z.array(eventSchema), truncated: z.boolean() }),
  example: { namespace: 'shop', of: { kind: 'Pod', name: 'carts-0' } },
  async run({ connection, namespace, of, sinceSeconds, type }, { kubernetes, attempt: { signal } }) {
    const { core, request } = await kubernetes(connection);
    const object = of ? [`involvedObject.kind=${of.kind}`, `involvedObject.name=${of.name}`] : [];
    const fieldSelector = [`type=${type}`, ...object].join(',');
    const all = await readPages((page) =>
      core.listNamespacedEvent({ namespace, fieldSelector, ...page }, request(signal)),
    );
    const since = sinceSeconds === undefined ? 0 : Date.now() - sinceSeconds * 1000;
    const events = all.items
      .map(toEvent)
      .filter(({ at }) => Date.parse(at) >= since)
      .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
    const { items, truncated } = boundedList(events);
    return { events: items, truncated: truncated || all.truncated };
  },
});

/** Who reports an event fills in one of several times and counts. */
function toEvent(event: CoreV1Event): z.input<typeof eventSchema> {
  const at =
    event.series?.lastObservedTime ??
    event.lastTimestamp ??
    event.eventTime ??
    event.metadata.creationTimestamp ??
    new Date(0);
  return {
    at: at.toISOString(),
    type: event.type ?? '',
    reason: event.reason ?? '',
    message: short(event.message ?? ''),
    count: event.series?.count ?? event.count ?? 1,
    of: { kind: event.involvedObject.kind ?? '', name: event.involvedObject.name ?? '' },
  };
}
