import { z } from 'zod';
import { type Attempt, actor, connectionName, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import type { PagerDuty } from './client.ts';
import { incidentSchema, type ReadIncident, readIncident } from './incident.ts';
import { readIncidentLog } from './incident-log.ts';
import { pagerDutyId } from './input.ts';
import { readOnCalls } from './on-calls.ts';
import { updateCall, updateIncident } from './update-incident.ts';

const inverse = { none: 'those whom it reaches have been notified, and it is never lowered' } as const;

/**
 * Never lowers. An incident does not tell its level: it is that of its assignees among those on call. Who is on call on
 * several levels leaves it open: then it is the lower one, so that no escalation is lost, but the higher one when an
 * earlier attempt may have escalated, so that a repeat notifies nobody twice.
 */
export const escalatePagerDutyIncident = defineActivity({
  name: 'escalatePagerDutyIncident',
  kind: 'change',
  onlyTells: true,
  provider: 'pagerduty',
  summary: 'Escalates an incident to a level of its escalation policy',
  permissions: ['incidents.read', 'incidents.write', 'oncalls.read'],
  targets: ({ incidentId }) => [`pagerduty:${incidentId}`],
  causes: ['pagerduty.incident.escalated'],
  input: z.object({
    connection: connectionName,
    actor,
    incidentId: pagerDutyId,
    level: z.int().min(1).max(20),
    whileStatus: z
      .enum(['triggered', 'acknowledged'])
      .optional()
      .describe('Escalates only while the incident has this status'),
  }),
  output: z.object({
    changed: z.boolean(),
    level: z.number(),
    incident: incidentSchema,
    escalatedBy: z.string().optional().describe('Who has escalated it, where somebody did before'),
  }),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', level: 2 },
  inverse,
  async look({ connection, actor, incidentId, level, whileStatus }, { pagerduty, attempt }) {
    const client = await pagerduty(connection);
    const incident = await readIncident(client, incidentId, attempt.signal);
    if (incident.status === 'resolved') throw conflict('PagerDuty', `incident ${incidentId} is resolved`);
    const before = await levelOf(client, incident, attempt);
    // An attempt can come hours after the first, when PagerDuty is back: the incident may be in good hands by then.
    const isOther = whileStatus !== undefined && incident.status !== whileStatus;
    if (isOther) return { done: { changed: false, level: before ?? level, incident } };
    if (before !== undefined && before >= level) {
      const by = await escalatedBy(client, incidentId, attempt.signal);
      return { done: { changed: false, level: before, incident, ...(by ? { escalatedBy: by } : {}) } };
    }
    return {
      plan: {
        summary: `Escalates incident ${incidentId} "${incident.title}" to level ${level}`,
        calls: [updateCall(incidentId, `escalation_level=${level}`, client.from(actor))],
        values: {},
        ...(before === undefined ? {} : { before: { level: before } }),
        after: { level },
        inverse,
        output: { changed: true, level, incident },
      },
    };
  },
  async act(_, { connection, actor, incidentId, level }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const write = { actor, signal, reached: () => false };
    const update = await updateIncident(client, incidentId, { escalation_level: level }, write);
    return { ...update, level };
  },
});

/** Who has escalated it last, by the incident's log. */
async function escalatedBy(
  pagerduty: PagerDuty,
  incidentId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const log = await readIncidentLog(pagerduty, incidentId, {}, signal);
  return log?.find(({ type }) => type.startsWith('escalate_log_entry'))?.agent?.name;
}

/** Undefined for an incident that was assigned to people past its escalation policy. */
async function levelOf(
  pagerduty: PagerDuty,
  { escalationPolicy, assignees }: ReadIncident,
  { uncertainSince, signal }: Attempt,
): Promise<number | undefined> {
  if (!escalationPolicy) return undefined;
  const query = { 'escalation_policy_ids[]': [escalationPolicy.id] };
  const { onCalls } = await readOnCalls(pagerduty, query, signal);
  const levels = assignees.flatMap(({ id }) => {
    const own = onCalls.filter(({ user }) => user.id === id).map((onCall) => onCall.level);
    return own.length === 0 ? [] : [uncertainSince ? Math.max(...own) : Math.min(...own)];
  });
  return levels.length === 0 ? undefined : Math.max(...levels);
}
