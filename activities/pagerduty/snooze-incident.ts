import { z } from 'zod';
import { type Actor, type Attempt, actor, connectionName, defineActivity } from '../activity.ts';
import { conflict, invalidInput } from '../failures.ts';
import { listOf } from '../lenient.ts';
import { inWords, isTimeZone, timeAfter } from '../local-time.ts';
import type { PagerDuty } from './client.ts';
import { failureFor, isSuccess, readSuccess } from './failures.ts';
import { changedIncident, incidentIn, readIncident } from './incident.ts';
import { pagerDutyId } from './input.ts';
import { findUser } from './users.ts';

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

const until = z.object({
  time: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day, as 09:00'),
  day: z.enum(['today', 'tomorrow']).optional().describe('When it comes next, where left out'),
  timeZone: z
    .string()
    .max(100)
    .optional()
    .describe('Where left out or not known, that of the acting person in PagerDuty; else UTC'),
  askedAt: z.iso.datetime().describe('From when on it is looked for'),
});

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
    minutes: z.int().min(1).max(mostMinutes).optional().describe('For how long; or `until`'),
    until: until.optional(),
  }),
  output: changedIncident.extend({
    until: z
      .object({ at: z.iso.datetime(), inWords: z.string(), isTomorrow: z.boolean() })
      .optional()
      .describe('When it pages again, where a time of day was named'),
  }),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', minutes: 30 },
  inverse,
  async look({ connection, actor, incidentId, minutes, until }, { pagerduty, attempt }) {
    const client = await pagerduty(connection);
    const incident = await readIncident(client, incidentId, attempt.signal);
    if (incident.status !== 'acknowledged') throw notResting(incidentId, incident.status);
    const due = await dueAt(client, incidentId, attempt.signal);
    const wanted = until && (await timeOf(until, client, actor, attempt.signal));
    const end = wanted ? { until: wanted } : {};
    const asked = wanted ? { until: wanted.at } : { minutes: minutes ?? 0 };
    if (due !== undefined && wasMade(due, asked, attempt))
      return { done: { changed: false, incident, ...end } };
    const seconds = secondsOf(wanted, minutes);
    return {
      plan: {
        summary: `Snoozes incident ${incidentId} "${incident.title}" ${wanted ? `until ${wanted.inWords}` : `for ${minutes} minutes`}`,
        calls: [
          `POST /incidents/${incidentId}/snooze duration=${wanted ? `(until ${wanted.at})` : seconds}, From ${client.from(actor)}`,
        ],
        values: { ...end },
        before: { dueAt: due ?? null },
        after: wanted ? { dueAt: wanted.at } : { minutes },
        inverse,
        output: { changed: true, incident, ...end },
      },
    };
  },
  async act(
    { values: { until } },
    { connection, actor, incidentId, minutes },
    { pagerduty, attempt: { signal } },
  ) {
    const client = await pagerduty(connection);
    const body = { duration: secondsOf(until, minutes) };
    const answer = await client.post(`/incidents/${incidentId}/snooze`, { body, actor, signal });
    if (answer.code === notAcknowledged) throw notResting(incidentId, 'not acknowledged');
    if (!isSuccess(answer)) throw failureFor(answer);
    return { changed: true, incident: incidentIn(answer), ...(until ? { until } : {}) };
  },
});

interface End {
  at: string;
  inWords: string;
  isTomorrow: boolean;
}

/** The time of day as a moment, where the person is. */
async function timeOf(
  { time, day, timeZone, askedAt }: z.output<typeof until>,
  pagerduty: PagerDuty,
  actor: Actor | undefined,
  signal: AbortSignal,
): Promise<End> {
  const zone =
    timeZone !== undefined && isTimeZone(timeZone) ? timeZone : await zoneOf(actor, pagerduty, signal);
  const asked = Date.parse(askedAt);
  const found = timeAfter({ time, day }, asked, zone);
  if (!found)
    throw conflict('PagerDuty', `it is ${inWords(asked, zone)} where you are, so ${time} has passed today`);
  const { at, isTomorrow } = found;
  return { at: new Date(at).toISOString(), inWords: inWords(at, zone), isTomorrow };
}

async function zoneOf(actor: Actor | undefined, pagerduty: PagerDuty, signal: AbortSignal): Promise<string> {
  const user = actor?.email === undefined ? undefined : await findUser(pagerduty, actor.email, signal);
  return user?.timeZone !== undefined && isTimeZone(user.timeZone) ? user.timeZone : 'UTC';
}

/** From now on. */
function secondsOf(until: End | undefined, minutes: number | undefined): number {
  if (until) {
    const seconds = Math.ceil((Date.parse(until.at) - Date.now()) / 1_000);
    if (seconds < 1) throw conflict('PagerDuty', `${until.inWords} has passed by now`);
    return seconds;
  }
  if (minutes === undefined) throw invalidInput('PagerDuty', 'it names neither minutes nor a time of day');
  return minutes * 60;
}

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

/** Whether an earlier attempt of ours has set this time: that one, or not before that attempt, and not after now, so much later. */
function wasMade(
  due: string,
  wanted: { until: string } | { minutes: number },
  { uncertainSince }: Attempt,
): boolean {
  if (uncertainSince === undefined) return false;
  if ('until' in wanted) return Math.abs(Date.parse(due) - Date.parse(wanted.until)) <= clockSkewMs;
  const begun = Date.parse(due) - wanted.minutes * 60_000;
  return begun >= Date.parse(uncertainSince) - clockSkewMs && begun <= Date.now() + clockSkewMs;
}
