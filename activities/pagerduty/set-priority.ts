import { z } from 'zod';
import { nearestOf } from '../../domain/nearest.ts';
import type { Inverse } from '../../domain/plan.ts';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { conflict, invalidInput } from '../failures.ts';
import { membersOf } from '../lenient.ts';
import type { PagerDuty } from './client.ts';
import { changedIncident, readIncident, reference } from './incident.ts';
import { pagerDutyId } from './input.ts';
import { readPages } from './pages.ts';
import { updateCall, updateIncident } from './update-incident.ts';

/** By name or id, small and large letters alike, with or without what stands between them (`P-1`, `SEV 1`): the account's own priorities. One that it does not have is `InvalidInput`, which names them. */
export const setPagerDutyIncidentPriority = defineActivity({
  name: 'setPagerDutyIncidentPriority',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Sets the priority of an incident',
  permissions: ['incidents.read', 'incidents.write', 'priorities.read'],
  targets: ({ incidentId }) => [`pagerduty:${incidentId}`],
  causes: ['pagerduty.incident.priority_updated'],
  input: z.object({
    connection: connectionName,
    actor,
    incidentId: pagerDutyId,
    priority: z.string().min(1).max(100).describe('Its name or id'),
  }),
  output: changedIncident,
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', priority: 'P2' },
  inverse: { activity: 'setPagerDutyIncidentPriority' },
  async look({ connection, actor, incidentId, priority }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const [incident, wanted] = await Promise.all([
      readIncident(client, incidentId, signal),
      findPriority(client, priority, signal),
    ]);
    if (incident.status === 'resolved') throw conflict('PagerDuty', `incident ${incidentId} is resolved`);
    if (incident.priority?.id === wanted.id) return { done: { changed: false, incident } };
    return {
      plan: {
        summary: `Sets the priority of incident ${incidentId} "${incident.title}" to ${wanted.name}`,
        calls: [updateCall(incidentId, `priority=${wanted.id}`, client.from(actor))],
        values: { priorityId: wanted.id },
        before: { priority: incident.priority?.name ?? null },
        after: { priority: wanted.name },
        inverse: backTo({ connection, incidentId }, incident.priority?.id),
        output: { changed: true, incident: { ...incident, priority: wanted } },
      },
    };
  },
  async act(
    { values: { priorityId } },
    { connection, actor, incidentId },
    { pagerduty, attempt: { signal } },
  ) {
    const client = await pagerduty(connection);
    const fields = { priority: { id: priorityId, type: 'priority_reference' } };
    return updateIncident(client, incidentId, fields, {
      actor,
      signal,
      reached: ({ priority }) => priority?.id === priorityId,
    });
  },
});

function backTo(at: { connection: string; incidentId: string }, priority: string | undefined): Inverse {
  if (priority === undefined) return { none: 'the incident had no priority' };
  return { activity: 'setPagerDutyIncidentPriority', input: { ...at, priority } };
}

/** Without what people write between a word and its number, or leave out. */
const lettersOf = (text: string) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

const page = z.object({ priorities: membersOf(reference) }).transform(({ priorities }) => priorities);

async function findPriority(
  pagerduty: PagerDuty,
  asked: string,
  signal: AbortSignal,
): Promise<{ id: string; name: string }> {
  const { items } = await readPages(pagerduty, '/priorities', {}, page, signal);
  const isAsked = (text: string) => text.toLowerCase() === asked.trim().toLowerCase();
  const isNearly = (text: string) => lettersOf(text) !== '' && lettersOf(text) === lettersOf(asked);
  const nearly = items.filter(({ name }) => isNearly(name));
  const found =
    items.find(({ id, name }) => isAsked(name) || isAsked(id)) ??
    (nearly.length === 1 ? nearly[0] : undefined);
  if (found) return { id: found.id, name: found.name };
  const names = items.map(({ name }) => name);
  const near = nearestOf(asked, names, 2);
  const meant = near === undefined ? '' : ` Did you mean "${near}"?`;
  throw invalidInput(
    'PagerDuty',
    `there is no priority "${asked}". There are: ${names.join(', ') || 'none'}.${meant}`.replace(/\.$/, ''),
  );
}
