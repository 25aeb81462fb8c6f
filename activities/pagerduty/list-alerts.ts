import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { decorative, listOf, membersOf } from '../lenient.ts';
import { pagerDutyId } from './input.ts';
import { readPages } from './pages.ts';
import { boundedFields, boundedList, cut } from './text.ts';

const alertStatus = z.enum(['triggered', 'resolved']);

const alertSchema = z.object({
  id: z.string(),
  key: z.string().optional(),
  severity: z.enum(['critical', 'error', 'warning', 'info']).optional(),
  /** Left out where it is another one than these. */
  status: alertStatus.optional(),
  summary: z.string(),
  /** What is affected, and the part of it, as the event names them. */
  source: z.string().optional(),
  component: z.string().optional(),
  /** What the monitor said of it. A monitor that sends a text instead of fields gives `{ text }`, a list `{ list }`. */
  details: z.record(z.string(), z.unknown()),
  links: z.array(z.object({ href: z.string(), text: z.string().optional() })),
  createdAt: z.string().optional(),
  truncated: z.boolean().optional(),
});

/** An object, a list or a text; what else a monitor invents is no detail. */
const details = z
  .union([
    z.array(z.unknown()).transform((list) => ({ list })),
    z.record(z.string(), z.unknown()),
    z.string().transform((text) => (text ? { text } : {})),
  ])
  .nullish()
  .catch(undefined);

const restAlert = z.object({
  id: z.string(),
  alert_key: decorative(z.string()),
  severity: decorative(z.enum(['critical', 'error', 'warning', 'info'])),
  status: decorative(alertStatus),
  summary: decorative(z.string()),
  created_at: decorative(z.string()),
  body: decorative(
    z.object({
      details,
      cef_details: decorative(
        z.object({
          details,
          source_origin: decorative(z.string()),
          source_component: decorative(z.string()),
          message: decorative(z.string()),
        }),
      ),
      contexts: listOf(
        z.object({
          type: decorative(z.string()),
          href: decorative(z.string()),
          text: decorative(z.string()),
        }),
      ),
    }),
  ),
});

const toAlert = ({
  id,
  alert_key,
  severity,
  status,
  summary,
  created_at,
  body,
}: z.output<typeof restAlert>) => {
  const cef = body?.cef_details;
  const message = cef?.message && cef.message !== summary ? { message: cef.message } : {};
  const { fields, truncated } = boundedFields({ ...message, ...cef?.details, ...body?.details });
  const source = cef?.source_origin;
  const component = cef?.source_component;
  return {
    id,
    ...(alert_key ? { key: alert_key } : {}),
    ...(severity ? { severity } : {}),
    ...(status ? { status } : {}),
    summary: cut(summary ?? '', 1024),
    ...(source ? { source: cut(source, 1024) } : {}),
    ...(component ? { component: cut(component, 1024) } : {}),
    details: fields,
    links: (body?.contexts ?? []).flatMap(({ type, href, text }) =>
      type === 'link' && href ? [{ href, ...(text ? { text } : {}) }] : [],
    ),
    ...(created_at ? { createdAt: created_at } : {}),
    ...(truncated ? { truncated } : {}),
  };
};

/** Webhooks carry none of this: what an alert is about is read here. */
export const listPagerDutyAlerts = defineActivity({
  name: 'listPagerDutyAlerts',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Lists the alerts of an incident with their details',
  permissions: ['incidents.read'],
  input: z.object({
    connection: connectionName,
    incidentId: pagerDutyId,
    statuses: z.array(alertStatus).optional(),
  }),
  output: z.object({ alerts: z.array(alertSchema), truncated: z.boolean() }),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', statuses: ['triggered'] },
  async run({ connection, incidentId, statuses }, { pagerduty, attempt: { signal } }) {
    const page = z
      .object({ alerts: membersOf(restAlert.transform(toAlert)) })
      .transform(({ alerts }) => alerts);
    const path = `/incidents/${incidentId}/alerts`;
    const all = await readPages(await pagerduty(connection), path, { 'statuses[]': statuses }, page, signal);
    const { items, truncated } = boundedList(all.items);
    return { alerts: items, truncated: all.truncated || truncated === true };
  },
});
