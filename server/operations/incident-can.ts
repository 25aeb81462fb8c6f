import type { IncidentRow } from '../../store/incidents.ts';
import { Refusal } from '../refusal.ts';
import { type Can, canNow, canOf } from './can.ts';
import { acknowledgeIncident, noteIncident, resolveIncident } from './incident-changes.ts';
import type { OperationContext } from './operation.ts';
import { startRunByHand } from './runs.ts';

/** What people do to an incident itself. */
export const incidentDeeds = ['acknowledge', 'resolve', 'note'] as const;
export type IncidentDeed = (typeof incidentDeeds)[number];

/** Throws where it is so already, or where nothing can be done to it any more. */
export function checkDeed(incident: Pick<IncidentRow, 'status'> | undefined, deed: IncidentDeed): void {
  if (!incident) throw new Refusal(409, 'State not known', 'No event has told its state yet. Try again.');
  const { status } = incident;
  if (deed !== 'note' && status === 'resolved') throw new Refusal(409, 'Resolved', 'It is resolved already.');
  if (deed === 'acknowledge' && status === 'acknowledged')
    throw new Refusal(409, 'Acknowledged', 'It is acknowledged already.');
}

const operations = {
  acknowledge: () => acknowledgeIncident,
  resolve: () => resolveIncident,
  note: () => noteIncident,
};

/** What somebody may do about an incident now, or why not. */
export async function incidentCan(
  incident: Pick<IncidentRow, 'status'> | undefined,
  { principal }: Pick<OperationContext, 'principal'>,
): Promise<Record<IncidentDeed | 'run', Can>> {
  const can = (deed: IncidentDeed) => canNow(operations[deed](), principal, () => checkDeed(incident, deed));
  const [acknowledge, resolve, note] = await Promise.all([can('acknowledge'), can('resolve'), can('note')]);
  return { acknowledge, resolve, note, run: canOf(startRunByHand, principal) };
}
