import { conflict } from '../failures.ts';
import type { PagerDuty, Write } from './client.ts';
import { failureFor, isSuccess } from './failures.ts';
import { incidentIn, type ReadIncident, readIncident } from './incident.ts';

/** "Incident Already Resolved" and "Incident Already Acknowledged". */
const alreadyCodes = [1001, 1002];
const alreadyText = /already (resolved|acknowledged)/i;
/** "Cannot Escalate". */
const cannotEscalate = 1006;

/** The call of `updateIncident`, for a plan. */
export const updateCall = (incidentId: string, fields: string, from: string) =>
  `PUT /incidents/${incidentId} ${fields}, From ${from}`;

/**
 * Changes an incident by PUT. PagerDuty may refuse with "already": that counts only if the incident then reads as
 * wanted (`reached`), and gives `changed: false`.
 * https://developer.pagerduty.com/api-reference/8a0e1aa2ec666-update-an-incident
 */
export async function updateIncident(
  pagerduty: PagerDuty,
  incidentId: string,
  fields: object,
  { reached, ...write }: Omit<Write, 'body'> & { reached(incident: ReadIncident): boolean },
): Promise<{ changed: boolean; incident: ReadIncident }> {
  const body = { incident: { type: 'incident_reference', ...fields } };
  const answer = await pagerduty.put(`/incidents/${incidentId}`, { ...write, body });
  if (isSuccess(answer)) return { changed: true, incident: incidentIn(answer) };
  if (answer.code === cannotEscalate) throw conflict('PagerDuty', answer.reason, answer.status);
  if (alreadyCodes.includes(answer.code ?? 0) || (answer.status === 400 && alreadyText.test(answer.reason))) {
    const incident = await readIncident(pagerduty, incidentId, write.signal);
    if (reached(incident)) return { changed: false, incident };
    if (incident.status === 'resolved') throw conflict('PagerDuty', `incident ${incidentId} is resolved`);
  }
  throw failureFor(answer);
}
