import { z } from 'zod';
import type { MonitorAlert } from '../../../domain/http-event.ts';
import { boundedText } from '../../receiving/bounded.ts';
import { type ReadEvent, shortly } from '../../receiving/read-event.ts';
import { type Format, keyFrom, type ReadBy, subjectFrom, timeFrom } from '../format.ts';

const texts = z.record(z.string(), z.coerce.string()).catch({});
const alert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: texts,
  annotations: texts,
  startsAt: z.string(),
  endsAt: z.string().nullish().catch(null),
  generatorURL: z.string().nullish().catch(null),
  fingerprint: z.string().min(1),
});
const delivery = z.object({ alerts: z.array(z.unknown()).min(1) });

/** More in one delivery would fill the inbox at once. */
const alertsAtMost = 1_000;

/**
 * The alerts of one delivery, an event for each. A monitor repeats an alert as long as it fires: that is the same event. The same alert that
 * fires anew is another one, by its start.
 */
const alertsOf =
  (monitor: 'alertmanager' | 'grafana') =>
  (json: object, by: ReadBy): ReadEvent[] => {
    const parsed = delivery.safeParse(json);
    const parked = (unreadable: string): ReadEvent[] => [
      { unreadable, id: by.id, type: `${monitor}.unknown` },
    ];
    if (!parsed.success) return parked(shortly(parsed.error));
    const { alerts } = parsed.data;
    if (alerts.length > alertsAtMost)
      return parked(
        `holds ${alerts.length} alerts, and ${alertsAtMost} are read at most: set the receiver's max_alerts, or group by more labels`,
      );
    return alerts.map((given, index) => readAlert(monitor, given, index, by));
  };

function readAlert(
  monitor: 'alertmanager' | 'grafana',
  given: unknown,
  index: number,
  { connection, receivedAt, id }: ReadBy,
): ReadEvent {
  const parsed = alert.safeParse(given);
  if (!parsed.success)
    return { unreadable: shortly(parsed.error), id: `${id}/${index}`, type: `${monitor}.unknown` };
  const { status, labels, annotations, fingerprint, generatorURL } = parsed.data;
  const startedAt = timeFrom(parsed.data.startsAt) ?? receivedAt;
  const endedAt = status === 'resolved' ? (timeFrom(parsed.data.endsAt) ?? receivedAt) : undefined;
  const data: MonitorAlert = {
    name: boundedText(labels.alertname ?? ''),
    status,
    fingerprint,
    labels: bounded(labels),
    annotations: bounded(annotations),
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(generatorURL ? { url: boundedText(generatorURL) } : {}),
  };
  return {
    event: {
      id: keyFrom(`${fingerprint}/${status}/${parsed.data.startsAt}`),
      source: `/http/${connection}`,
      type: `${monitor}.alert.${status}`,
      subject: subjectFrom(connection, fingerprint),
      time: endedAt ?? startedAt,
      data,
    },
  };
}

const bounded = (given: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [name, boundedText(value)]));

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export const alertmanager: Format = {
  name: 'alertmanager',
  hasOwnIds: () => true,
  read: alertsOf('alertmanager'),
};

/** https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier */
export const grafana: Format = { name: 'grafana', hasOwnIds: () => true, read: alertsOf('grafana') };
