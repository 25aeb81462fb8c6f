import { z } from 'zod';
import type { Agent } from '../../domain/incident.ts';
import { defaultConnection, subjectOf } from '../../domain/subject.ts';
import { boundedData, boundedText } from '../receiving/bounded.ts';
import { type ReadEvent, shortly } from '../receiving/read-event.ts';
import { dataSchemas, isIncident, listOf } from './data.ts';
import { sourceOf } from './ways.ts';

const envelope = z.object({
  event: z.object({
    id: z.union([z.string().min(1).max(200), z.number().transform(String)]),
    event_type: z.string().min(1).max(200),
    occurred_at: z.string().nullish().catch(null),
    agent: z
      .object({
        id: z.string(),
        type: z.string().nullish().catch(null),
        summary: z.string().nullish().catch(null),
      })
      .nullish()
      .catch(null),
    data: z.unknown(),
  }),
});

/** A slash would lead to an incident of another account: see `subjectOf`. */
const reference = z.object({ id: z.string().regex(/^[^/]+$/) });
const withIncident = z.object({ incident: reference });
const withRoles = z.object({ incident_role_assignments: listOf(withIncident) });
const withType = reference.extend({ type: z.literal('incident') });

/** The incident that an event is about, by the shape of its data; none for services and pings. */
function incidentIdOf(data: unknown, isItself: boolean): string | undefined {
  const own = (isItself ? reference : withType).safeParse(data);
  if (own.success) return own.data.id;
  const held = withIncident.safeParse(data);
  if (held.success) return held.data.incident.id;
  return withRoles.safeParse(data).data?.incident_role_assignments[0]?.incident.id;
}

function agentOf(agent: z.output<typeof envelope>['event']['agent']): Agent | undefined {
  if (!agent) return undefined;
  const kind = agent.type === 'user_reference' ? 'person' : 'machine';
  return { kind, id: agent.id, name: boundedText(agent.summary ?? agent.id) };
}

/**
 * Reads a PagerDuty v3 event into the envelope (https://developer.pagerduty.com/docs/webhooks-overview). A type that is not
 * known yet is passed on with its data as it came; a known type with data of another shape is unreadable.
 */
export function readPagerDutyEvent(json: unknown, connection: string, receivedAt: string): ReadEvent {
  const parsed = envelope.safeParse(json);
  if (!parsed.success) return { unreadable: shortly(parsed.error), type: 'pagerduty.unknown' };
  const { id, event_type, occurred_at, agent } = parsed.data.event;
  const data = boundedData(parsed.data.event.data);
  const type = `pagerduty.${event_type}` as const;
  const schema = dataSchemas.get(event_type);
  const incidentId = incidentIdOf(data, isIncident(schema));
  const subject = incidentId === undefined ? {} : { subject: subjectOf(connection, incidentId) };
  const time = asTime(occurred_at) ?? receivedAt;
  const known = { id, type, time, ...subject };
  const read = schema?.safeParse(data);
  if (read?.error) return { unreadable: `${event_type}: ${shortly(read.error)}`, ...known };
  const by = agentOf(agent);
  const ofAccount = connection === defaultConnection ? {} : { connection };
  const source = sourceOf(connection);
  return {
    event: { ...known, source, ...ofAccount, ...(by ? { agent: by } : {}), data: read ? read.data : data },
  };
}

/** In one form, so that times of events compare as texts. */
function asTime(text: string | null | undefined): string | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
