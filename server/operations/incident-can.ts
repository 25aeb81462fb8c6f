import type { IncidentRow } from '../../store/events/incidents.ts';
import type { IncidentDeed } from '../change-incident.ts';
import { type Can, canNow, canOf } from './can.ts';
import { acknowledgeIncident, checkDeed, noteIncident, resolveIncident } from './incident-changes.ts';
import type { OperationContext } from './operation.ts';
import { startRunByHand } from './runs.ts';

const operations = { acknowledge: acknowledgeIncident, resolve: resolveIncident, note: noteIncident };

/** What somebody may do about an incident now, or why not. */
export async function incidentCan(
  incident: Pick<IncidentRow, 'status'> | undefined,
  { principal }: Pick<OperationContext, 'principal'>,
): Promise<Record<IncidentDeed | 'run', Can>> {
  const can = (deed: IncidentDeed) => canNow(operations[deed], principal, () => checkDeed(incident, deed));
  const [acknowledge, resolve, note] = await Promise.all([can('acknowledge'), can('resolve'), can('note')]);
  return { acknowledge, resolve, note, run: canOf(startRunByHand, principal) };
}
