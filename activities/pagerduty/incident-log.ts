import { z } from 'zod';
import { decorative, membersOf } from '../lenient.ts';
import type { PagerDuty, Query } from './client.ts';
import { isSuccess, readSuccess } from './failures.ts';
import { reference } from './incident.ts';

/** With what else PagerDuty says in it: what that is depends on its type. */
const entry = z.looseObject({ type: z.string(), agent: decorative(reference) });
type LogEntry = z.output<typeof entry>;

/** So many of the newest are looked at. */
const newest = 100;

/** The same as PagerDuty tells them, for a story of the incident. */
export async function readIncidentEntries(
  pagerduty: PagerDuty,
  incidentId: string,
  signal: AbortSignal,
): Promise<unknown[] | undefined> {
  const path = `/incidents/${encodeURIComponent(incidentId)}/log_entries`;
  const answer = await pagerduty.get(path, { limit: String(newest) }, signal);
  if (!isSuccess(answer) && [402, 403, 404].includes(answer.status)) return undefined;
  return readSuccess(answer, z.object({ log_entries: z.array(z.unknown()) })).log_entries;
}

/** An incident as PagerDuty tells it; undefined where it does not show it. */
export async function readRawIncident(
  pagerduty: PagerDuty,
  incidentId: string,
  signal: AbortSignal,
): Promise<unknown> {
  const answer = await pagerduty.get(`/incidents/${encodeURIComponent(incidentId)}`, {}, signal);
  if (!isSuccess(answer) && [402, 403, 404].includes(answer.status)) return undefined;
  return readSuccess(answer, z.object({ incident: z.looseObject({ id: z.string() }) })).incident;
}

/** The newest entries of an incident's log, newest first; undefined where PagerDuty does not show it. */
export async function readIncidentLog(
  pagerduty: PagerDuty,
  incidentId: string,
  query: Query,
  signal: AbortSignal,
): Promise<LogEntry[] | undefined> {
  const answer = await pagerduty.get(
    `/incidents/${incidentId}/log_entries`,
    { limit: String(newest), ...query },
    signal,
  );
  if (!isSuccess(answer) && [402, 403, 404].includes(answer.status)) return undefined;
  return readSuccess(answer, z.object({ log_entries: membersOf(entry) })).log_entries;
}
