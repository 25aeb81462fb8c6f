import { z } from 'zod';
import { type Attempt, actor, connectionName, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import { listOf } from '../lenient.ts';
import type { PagerDuty } from './client.ts';
import { failureFor, isSuccess, readSuccess } from './failures.ts';
import { changedIncident, incidentIn, readIncident } from './incident.ts';
import { pagerDutyId } from './input.ts';

/** PagerDuty takes up to 7 days. */
const mostMinutes = 7 * 24 * 60;
/** "Incident is not Acknowledged". */
const notAcknowledged = 1012;
/** Clocks differ: ours said when an earlier attempt began. */
const clockSkewMs = 60_000;

const pending = z.object({
  incident: z.object({
    pending_actions: listOf(z.object({ type: z.string(), at: z.iso.datetime({ offset: true }) })),
  }),
});

const inverse = { none: 'PagerDuty takes no snooze back: another one counts in its place' } as const;

/**
 * An acknowledged incident rests for so long, then it is triggered again. A repeat would restart the clock, and PagerDuty has no key for
 * it: after an attempt that may have acted, the time at which the incident is due (`pending_actions`) tells. An incident that nobody has
 * acknowledged is a `Conflict`.
 * https://developer.pagerduty.com/api-reference/b3A6Mjc0ODE0MA-snooze-an-incident
 */
export const snoozePagerDutyIncident = defineActivity({
  name: 'snoozePagerDutyIncident',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Lets an acknowledged incident rest for some time',
  permissions: ['incidents.read', 'incidents.write'],
  targets: ({ incidentId }) => [`pagerduty:${incidentId}`],
  input: z.object({
    connection: connectionName,
    actor,
    incidentId: pagerDutyId,
    minutes: z.int().min(1).max(mostMinutes),
  }),
  output: changedIncident,
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', minutes: 30 },
  inverse,
  async look({ connection, actor, incidentId, minutes }, { pagerduty, attempt }) {
    const client = await pagerduty(connection);
    const incident = await readIncident(client, incidentId, attempt.signal);
    if (incident.status !== 'acknowledged') throw notResting(incidentId, incident.status);
    const due = await dueAt(client, incidentId, attempt.signal);
    if (due !== undefined && wasMade(due, minutes, attempt)) return { done: { changed: false, incident } };
    return {
      plan: {
        summary: `Snoozes incident ${incidentId} "${incident.title}" for ${minutes} minutes`,
        calls: [`POST /incidents/${incidentId}/snooze duration=${minutes * 60}, From ${client.from(actor)}`],
        values: {},
        before: { dueAt: due ?? null },
        after: { minutes },
        inverse,
        output: { changed: true, incident },
      },
    };
  },
  async act(_, { connection, actor, incidentId, minutes }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const body = { duration: minutes * 60 };
    const answer = await client.post(`/incidents/${incidentId}/snooze`, { body, actor, signal });
    if (answer.code === notAcknowledged) throw notResting(incidentId, 'not acknowledged');
    if (!isSuccess(answer)) throw failureFor(answer);
    return { changed: true, incident: incidentIn(answer) };
  },
});

const notResting = (incidentId: string, status: string) =>
  conflict('PagerDuty', `incident ${incidentId} is ${status}, and only an acknowledged one can be snoozed`);

/** When the acknowledgement ends; undefined where PagerDuty plans no such thing. */
async function dueAt(
  pagerduty: PagerDuty,
  incidentId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { incident } = readSuccess(await pagerduty.get(`/incidents/${incidentId}`, {}, signal), pending);
  return incident.pending_actions.find(({ type }) => type === 'unacknowledge')?.at;
}

/** Whether an earlier attempt of ours has set this time: not before that attempt, and not after now, so much later. */
function wasMade(due: string, minutes: number, { uncertainSince }: Attempt): boolean {
  if (uncertainSince === undefined) return false;
  const begun = Date.parse(due) - minutes * 60_000;
  return begun >= Date.parse(uncertainSince) - clockSkewMs && begun <= Date.now() + clockSkewMs;
}
