import { z } from 'zod';
import { incidentStatuses } from '../../domain/incident.ts';
import { decorative, listOf, membersOf } from '../lenient.ts';
import type { Answer, PagerDuty } from './client.ts';
import { readSuccess } from './failures.ts';

/** A person, service or policy by id and name; PagerDuty gives a reference or, where asked to include it, the whole. */
export const named = z.object({ id: z.string(), name: z.string() });
export const person = named.extend({ email: z.string().optional() });

/** An incident as PagerDuty has it now. */
export const incidentSchema = z.object({
  id: z.string(),
  number: z.number(),
  title: z.string(),
  status: z.enum(incidentStatuses),
  urgency: z.enum(['high', 'low']),
  priority: named.optional(),
  incidentKey: z.string().optional(),
  service: named,
  assignees: z.array(person),
  acknowledgers: z.array(person.extend({ at: z.string().optional() })),
  teams: z.array(named),
  escalationPolicy: named.optional(),
  createdAt: z.string(),
  resolvedAt: z.string().optional(),
  /** Who resolved it: a person, or a machine (the service, by an alert that ended; an integration; a workflow). */
  resolvedBy: person.extend({ kind: z.enum(['person', 'machine']) }).optional(),
  /** The incident that this one was merged into, which resolved it. */
  mergedInto: named.optional(),
  url: z.string(),
});
export type ReadIncident = z.infer<typeof incidentSchema>;

/** What an activity that changes an incident returns. */
export const changedIncident = z.object({ changed: z.boolean(), incident: incidentSchema });

/** A reference, or the whole thing: either way an id, a name or a summary, and of people an e-mail. */
export const reference = z
  .object({
    id: z.string(),
    name: decorative(z.string()),
    summary: decorative(z.string()),
    email: decorative(z.string()),
  })
  .transform(({ id, name, summary, email }) => ({
    id,
    name: name ?? summary ?? '',
    ...(email ? { email } : {}),
  }));

/** Who did something. PagerDuty says of what type; only a user is a person. */
const agent = z
  .object({ type: z.string().nullish() })
  .and(reference)
  .transform(({ type, ...who }) => ({
    ...who,
    kind: isUser(type) ? ('person' as const) : ('machine' as const),
  }));
const isUser = (type: string | null | undefined) => type === 'user' || type === 'user_reference';

const restIncident = z.object({
  id: z.string(),
  // 0 says that PagerDuty did not tell.
  incident_number: z.coerce.number().catch(0),
  title: decorative(z.string()),
  summary: decorative(z.string()),
  status: incidentSchema.shape.status,
  urgency: incidentSchema.shape.urgency.catch('high'),
  priority: decorative(reference),
  incident_key: decorative(z.string()),
  service: reference.catch({ id: '', name: '' }),
  assignments: listOf(z.object({ assignee: reference })),
  acknowledgements: listOf(z.object({ at: decorative(z.string()), acknowledger: reference })),
  teams: listOf(reference),
  escalation_policy: decorative(reference),
  created_at: z.string().catch(''),
  resolved_at: decorative(z.string()),
  last_status_change_by: decorative(agent),
  html_url: decorative(z.string()),
  resolve_reason: decorative(z.object({ incident: reference })),
});

const toIncident = (rest: z.output<typeof restIncident>): ReadIncident => ({
  id: rest.id,
  number: rest.incident_number,
  title: rest.title ?? rest.summary ?? '',
  status: rest.status,
  urgency: rest.urgency,
  ...(rest.priority ? { priority: rest.priority } : {}),
  ...(rest.incident_key ? { incidentKey: rest.incident_key } : {}),
  service: rest.service,
  assignees: rest.assignments.map(({ assignee }) => assignee),
  acknowledgers: rest.acknowledgements.map(({ at, acknowledger }) => ({
    ...acknowledger,
    ...(at ? { at } : {}),
  })),
  teams: rest.teams,
  ...(rest.escalation_policy ? { escalationPolicy: rest.escalation_policy } : {}),
  createdAt: rest.created_at,
  ...(rest.resolved_at ? { resolvedAt: rest.resolved_at } : {}),
  ...(rest.status === 'resolved' && rest.last_status_change_by
    ? { resolvedBy: rest.last_status_change_by }
    : {}),
  ...(rest.status === 'resolved' && rest.resolve_reason ? { mergedInto: rest.resolve_reason.incident } : {}),
  url: rest.html_url ?? '',
});

const oneIncident = z.object({ incident: restIncident.transform(toIncident) });
export const incidentPage = z.object({ incidents: membersOf(restIncident.transform(toIncident)) });

/** Whole people instead of references, for their e-mails. */
export const withPeople = ['acknowledgers', 'assignees', 'agents'];

export const incidentIn = (answer: Answer): ReadIncident => readSuccess(answer, oneIncident).incident;

export async function readIncident(
  pagerduty: PagerDuty,
  incidentId: string,
  signal: AbortSignal,
): Promise<ReadIncident> {
  return incidentIn(await pagerduty.get(`/incidents/${incidentId}`, { 'include[]': withPeople }, signal));
}
