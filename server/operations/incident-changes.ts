import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { incidentOfSubject } from '../../domain/subject.ts';
import type { IncidentRow } from '../../store/events/incidents.ts';
import { CouldNotChange, type IncidentDeed } from '../change-incident.ts';
import { Refusal } from '../refusal.ts';
import { idOfIncident, mustBeMine, unknownIncident } from './known-incident.ts';
import { defineOperation, type OperationContext } from './operation.ts';

const output = z.object({
  id: z.string(),
  changed: z.boolean().describe('False: it was so already'),
  status: z.string().describe('As it was known before. The new state comes as an event'),
});

const words = z.string().trim().min(1).max(5_000);

export const acknowledgeIncident = defineOperation({
  name: 'incidents.acknowledge',
  kind: 'change',
  right: 'incidents.change',
  route: 'POST /incidents/{+id}/acknowledge',
  summary: 'Acknowledges an incident in PagerDuty, in your name',
  within: ['services'],
  input: z.strictObject(idOfIncident),
  output,
  subject: ({ id }) => id,
  run: ({ id }, context) => change('acknowledge', id, undefined, context),
});

export const resolveIncident = defineOperation({
  name: 'incidents.resolve',
  kind: 'change',
  right: 'incidents.change',
  route: 'POST /incidents/{+id}/resolve',
  summary:
    'Resolves an incident in PagerDuty, in your name. Runs on it stop, except those that go on after a resolve',
  within: ['services'],
  input: z.strictObject({
    ...idOfIncident,
    reason: words.optional().describe('Why: it stands in the incident as a note'),
  }),
  output,
  subject: ({ id }) => id,
  run: ({ id, reason }, context) => change('resolve', id, reason, context),
});

export const noteIncident = defineOperation({
  name: 'incidents.note',
  kind: 'change',
  right: 'incidents.change',
  route: 'POST /incidents/{+id}/note',
  summary: 'Adds a note to an incident in PagerDuty, in your name',
  within: ['services'],
  input: z.strictObject({ ...idOfIncident, text: words.describe('The note') }),
  output,
  subject: ({ id }) => id,
  run: ({ id, text }, context) => change('note', id, text, context),
});

/** Throws where it is so already, or where nothing can be done to it any more. */
export function checkDeed(incident: Pick<IncidentRow, 'status'> | undefined, deed: IncidentDeed): void {
  if (!incident) throw new Refusal(409, 'State not known', 'No event has told its state yet. Try again.');
  const { status } = incident;
  if (deed !== 'note' && status === 'resolved') throw new Refusal(409, 'Resolved', 'It is resolved already.');
  if (deed === 'acknowledge' && status === 'acknowledged')
    throw new Refusal(409, 'Acknowledged', 'It is acknowledged already.');
}

const milliseconds = 20_000;

async function change(
  deed: IncidentDeed,
  id: string,
  text: string | undefined,
  context: OperationContext,
): Promise<z.input<typeof output>> {
  await mustBeMine(id, context);
  const { store, principal, changesIncident, idempotencyKey } = context;
  const incident = await store.findIncident(id);
  const named = incidentOfSubject(id);
  if (!incident || !named) throw unknownIncident(id);
  checkDeed(incident, deed);
  await checkSwitches(context);
  if (!changesIncident)
    throw new Refusal(
      409,
      'Not here',
      'This process reaches no PagerDuty. Ask the Baton that runs, or act in PagerDuty.',
    );
  const { connection, incidentId } = named;
  const { status } = incident;
  const key = `${id}/${deed}/${idempotencyKey ?? randomUUID()}`;
  try {
    const { changed } = await changesIncident(
      { deed, connection, incidentId, text, by: principal, key },
      AbortSignal.timeout(milliseconds),
    );
    return { id, changed, status };
  } catch (error) {
    if (!(error instanceof CouldNotChange)) throw error;
    throw error.isFinal
      ? new Refusal(
          409,
          'Refused',
          `${error.message}. Act in PagerDuty, or have its settings looked at: baton doctor.`,
        )
      : new Refusal(
          503,
          'Not to be done now',
          `${error.message}. Look whether it was done, and try again.`,
          5,
        );
  }
}

/** What a person asks for is made under the kill switch too, unless it names PagerDuty; what a program asks for is not. */
async function checkSwitches({ store, principal }: OperationContext): Promise<void> {
  const holds = await store.listHolds({ live: true, kind: 'kill-switch', limit: 1_000 });
  const now = Date.now();
  const held = holds.find(
    ({ kind, provider, workflow, from }) =>
      kind === 'kill-switch' &&
      workflow === undefined &&
      Date.parse(from) <= now &&
      (provider === 'pagerduty' || (provider === undefined && principal.kind !== 'person')),
  );
  if (held)
    throw new Refusal(
      409,
      'Held',
      `The kill switch is on since ${held.by} engaged it (${held.reason}). An operator can lift it: baton changes allow ${held.id}`,
    );
}
