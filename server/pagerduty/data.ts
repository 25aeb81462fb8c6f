/**
 * The data of PagerDuty's v3 events, from the wire's shape to ours. Lenient where real deliveries are: absent and null are
 * the same, names may be missing. Each schema builds new objects, so an odd key of the sender's does nothing.
 */
import { z } from 'zod';
import type { DataOf, KnownEventType } from '../../domain/event.ts';
import { type Incident, incidentStatuses, type Reference } from '../../domain/incident.ts';

type Nullish<Value> = Value | null | undefined;
const optional = <Key extends string, Value>(key: Key, value: Nullish<Value>) =>
  (value === null || value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };

/** A field that nothing stands or falls with: in a shape that we do not know it is left out, and the rest is used. */
const decorative = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().catch(undefined);

/** A list without the members whose shape we do not know; none where it is no list. */
export const listOf = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .array(z.unknown())
    .nullish()
    .catch(undefined)
    .transform((list) =>
      (list ?? []).flatMap((member) => {
        const read = schema.safeParse(member);
        return read.success ? [read.data as z.output<Schema>] : [];
      }),
    );

const text = decorative(z.string()).transform((value) => value ?? '');

const reference = z
  .object({ id: decorative(z.string()), summary: decorative(z.string()) })
  .transform(({ id, summary }): Reference => ({ id: id ?? '', name: summary ?? id ?? '' }));
const maybe = decorative(reference);
const references = listOf(reference);

const time = decorative(z.string()).transform((value) =>
  value && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString() : undefined,
);

/** One of a few words, in any case. */
const wordOf = <const Words extends readonly string[]>(words: Words) =>
  decorative(
    z
      .string()
      .transform((word) => word.trim().toLowerCase())
      .pipe(z.enum(words)),
  );

const incidentSchema = z
  .object({
    id: z.string().regex(/^[^/]+$/, 'is no id of PagerDuty'),
    number: decorative(z.number()),
    title: text,
    status: wordOf(incidentStatuses),
    urgency: wordOf(['high', 'low']),
    priority: maybe,
    incident_type: decorative(z.object({ name: z.string() })),
    incident_key: decorative(z.string()),
    service: maybe,
    assignees: references,
    teams: references,
    escalation_policy: maybe,
    created_at: time,
    reopened_at: time,
    html_url: decorative(z.string()),
    resolve_reason: decorative(z.object({ incident: maybe })),
  })
  .transform((wire) => ({
    id: wire.id,
    ...optional('number', wire.number),
    title: wire.title,
    status: wire.status,
    urgency: wire.urgency ?? 'high',
    ...optional('priority', wire.priority),
    ...optional('type', wire.incident_type?.name),
    ...optional('incidentKey', wire.incident_key),
    service: wire.service ?? { id: '', name: '' },
    assignees: wire.assignees,
    teams: wire.teams,
    ...optional('escalationPolicy', wire.escalation_policy),
    ...optional('createdAt', wire.created_at),
    ...optional('reopenedAt', wire.reopened_at),
    ...optional('url', wire.html_url),
    ...optional('mergedInto', wire.resolve_reason?.incident),
  }));

/** The incident of an event after which it has this status, for where the data names none that we know. */
const incidentWhen = (status: Incident['status']) =>
  incidentSchema.transform((incident): Incident => ({ ...incident, status: incident.status ?? status }));
/** Where the event says nothing of it: nobody has it yet, which holds nobody back. */
const open = incidentWhen('triggered');
const acknowledged = incidentWhen('acknowledged');
const resolved = incidentWhen('resolved');
/** Whether the data of an event is the incident itself. */
export const isIncident = (schema: z.ZodType | undefined): boolean =>
  schema === open || schema === acknowledged || schema === resolved;

const responder = z
  .object({
    incident: reference,
    user: maybe,
    escalation_policy: maybe,
    message: text,
    state: text,
  })
  .transform(({ incident: about, user, escalation_policy, message, state }) => ({
    incident: about,
    ...optional('user', user),
    ...optional('escalationPolicy', escalation_policy),
    message,
    state,
  }));

const fields = listOf(z.object({ id: text, name: text, value: z.unknown() })).transform((list) =>
  list.map(({ id, name, value }) => ({ id, name, value: value ?? null })),
);

const note = z
  .object({ incident: reference, id: text, content: text, trimmed: decorative(z.boolean()) })
  .transform(({ incident: about, id, content, trimmed }) => ({
    incident: about,
    id,
    content,
    trimmed: trimmed ?? false,
  }));

const statusUpdate = z
  .object({ incident: reference, id: text, message: text, trimmed: decorative(z.boolean()) })
  .transform(({ incident: about, id, message, trimmed }) => ({
    incident: about,
    id,
    message,
    trimmed: trimmed ?? false,
  }));

const task = z.object({ incident: reference, id: text, name: text, status: text, assignees: references });

const invocation = z
  .object({ incident: reference, id: text, action: maybe, state: text })
  .transform(({ action, ...rest }) => ({ ...rest, ...optional('action', action) }));

const workflow = z
  .object({ incident: reference, id: text, summary: text, incident_workflow: maybe })
  .transform(({ incident: about, id, summary, incident_workflow }) => ({
    incident: about,
    id,
    name: summary,
    ...optional('workflow', incident_workflow),
  }));

const service = z
  .object({ id: z.string(), summary: z.string().nullish(), teams: references })
  .transform(({ id, summary, teams }) => ({ id, name: summary ?? id, teams }));

const bridge = z
  .object({
    incident: reference,
    conference_numbers: listOf(
      z.object({ label: text, number: decorative(z.union([z.string(), z.number().transform(String)])) }),
    ),
    conference_url: decorative(z.string()),
  })
  .transform(({ incident: about, conference_numbers, conference_url }) => ({
    incident: about,
    numbers: conference_numbers.map(({ label, number }) => ({ label, number: number ?? '' })),
    ...optional('url', conference_url),
  }));

const incidentFields = z
  .object({ incident: reference, custom_fields: fields, changed_custom_fields: fields })
  .transform(({ incident: about, custom_fields, changed_custom_fields }) => ({
    incident: about,
    fields: custom_fields,
    before: changed_custom_fields,
  }));

const serviceFields = z
  .object({ service: reference, custom_fields: fields, changed_custom_fields: fields })
  .transform(({ service: about, custom_fields, changed_custom_fields }) => ({
    service: about,
    fields: custom_fields,
    before: changed_custom_fields,
  }));

const roles = z
  .object({
    incident_role_assignments: listOf(
      z.object({
        incident: reference,
        role: reference,
        assignee: maybe,
        old_assignee: maybe,
        status: text,
      }),
    ).refine((list) => list.length > 0, 'holds no assignment of a role'),
  })
  .transform(({ incident_role_assignments: list }) => ({
    incident: list.find(({ incident }) => incident.id !== '')?.incident ?? { id: '', name: '' },
    assignments: list.map(({ role, assignee, old_assignee, status }) => ({
      role,
      ...optional('assignee', assignee),
      ...optional('before', old_assignee),
      status,
    })),
  }));

const ping = z.object({ message: text });

type Known<Type> = Type extends `pagerduty.${infer Name}` ? Name : never;
/** One for each type that the envelope knows, and each gives what the envelope says. */
type Schemas = {
  [Type in KnownEventType as Known<Type>]: z.ZodType<DataOf<Type>>;
};

const schemas = {
  'incident.triggered': open,
  'incident.acknowledged': acknowledged,
  'incident.unacknowledged': open,
  'incident.resolved': resolved,
  'incident.reopened': open,
  'incident.escalated': open,
  'incident.delegated': open,
  'incident.reassigned': open,
  'incident.priority_updated': open,
  'incident.service_updated': open,
  'incident.incident_type.changed': open,
  'incident.annotated': note,
  'incident.status_update_published': statusUpdate,
  'incident.responder.added': responder,
  'incident.responder.replied': responder,
  'incident.conference_bridge.updated': bridge,
  'incident.custom_field_values.updated': incidentFields,
  'incident.role.assigned': roles,
  'incident.task.created': task,
  'incident.task.updated': task,
  'incident.task.completed': task,
  'incident.action_invocation.created': invocation,
  'incident.action_invocation.updated': invocation,
  'incident.action_invocation.terminated': invocation,
  'incident.workflow.started': workflow,
  'incident.workflow.completed': workflow,
  'service.created': service,
  'service.updated': service,
  'service.deleted': service,
  'service.custom_field_values.updated': serviceFields,
  'pagey.ping': ping,
} satisfies Schemas;

/** By PagerDuty's `event_type`: all that is generally available in August 2026, and the ping. */
export const dataSchemas: ReadonlyMap<string, z.ZodType> = new Map(Object.entries(schemas));
