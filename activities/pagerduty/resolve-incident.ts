import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { changedIncident, type ReadIncident, readIncident } from './incident.ts';
import { pagerDutyId } from './input.ts';
import { findNote, noteCall, writeNote } from './notes.ts';
import { cut } from './text.ts';
import { updateCall, updateIncident } from './update-incident.ts';

const inverse = { none: 'PagerDuty opens no resolved incident again: a new one has to be raised' } as const;

/** What was checked; else why nothing was. */
interface Said {
  evidence?: string | undefined;
  unverified?: string | undefined;
}

const namesOne = ({ evidence, unverified }: Said) => (evidence === undefined) !== (unverified === undefined);
const words = z.string().min(1).max(20_000);

/**
 * PagerDuty keeps `resolution` in the log but does not show it, so a note says it too. The note goes first: a repeat
 * finds it, and nothing is left to do once the incident is resolved. One that is resolved already gets no note.
 *
 * A run resolves only what it has verified (`unverified` in its declaration). An alert is another matter: Baton settles only those that it has
 * raised itself, and what raised one tells when it is over.
 */
export const resolvePagerDutyIncident = defineActivity({
  name: 'resolvePagerDutyIncident',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Resolves an incident and says what was checked',
  permissions: ['incidents.read', 'incidents.write'],
  targets: ({ incidentId }) => [`pagerduty:${incidentId}`],
  // Our note, and the one that PagerDuty makes of a resolution.
  causes: ['pagerduty.incident.resolved', 'pagerduty.incident.annotated', 'pagerduty.incident.annotated'],
  unverified: ({ unverified }) => unverified,
  input: z
    .object({
      connection: connectionName,
      actor,
      incidentId: pagerDutyId,
      evidence: words.optional().describe('What was checked: a run has verified it before'),
      unverified: words.optional().describe('In its place: why nothing was'),
    })
    .refine(namesOne, 'Say either what was checked (evidence), or why nothing was (unverified)'),
  output: changedIncident,
  example: {
    incidentId: 'Q1DWGPWQ3Y9XJR',
    evidence: 'All pods of shop/checkout have been ready for 5 minutes',
  },
  inverse,
  async look({ connection, actor, incidentId, ...said }, { pagerduty, attempt }) {
    const client = await pagerduty(connection);
    const incident = await readIncident(client, incidentId, attempt.signal);
    if (incident.status === 'resolved') return { done: { changed: false, incident } };
    const addsNote = (await findNote(client, incidentId, attempt)) === 'none';
    const from = client.from(actor);
    const status = 'resolved' as const;
    const how = said.unverified === undefined ? '' : `, not verified: ${cut(said.unverified, 200)}`;
    return {
      plan: {
        summary: `Resolves incident ${incidentId} "${incident.title}"${how}`,
        calls: [
          ...(addsNote ? [noteCall(incidentId, noteOf(said), from)] : []),
          updateCall(incidentId, `status=${status}`, from),
        ],
        values: { addsNote },
        before: { status: incident.status },
        after: { status },
        inverse,
        output: { changed: true, incident: { ...incident, status } },
      },
    };
  },
  async act({ values: { addsNote } }, { connection, actor, incidentId, ...said }, { pagerduty, attempt }) {
    const client = await pagerduty(connection);
    if (addsNote) await writeNote(client, incidentId, noteOf(said), { actor, attempt });
    const reached = ({ status }: ReadIncident) => status === 'resolved';
    const fields = { status: 'resolved', resolution: inWords(said).toWellFormed() };
    return updateIncident(client, incidentId, fields, { actor, signal: attempt.signal, reached });
  },
});

const inWords = ({ evidence, unverified }: Said) => evidence ?? `not verified: ${unverified}`;
const noteOf = (said: Said) => `Resolving: ${inWords(said)}`;
