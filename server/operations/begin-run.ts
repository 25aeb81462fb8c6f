import { createHash, randomBytes } from 'node:crypto';
import { isDrill } from '../../domain/drill.ts';
import type { RunCause } from '../../domain/incident.ts';
import { actorOf, type Principal } from '../../domain/rights.ts';
import type { RunRow } from '../../domain/run.ts';
import { defaultConnection, incidentOfSubject } from '../../domain/subject.ts';
import type { WhenAcknowledged } from '../../domain/takeover.ts';
import type { IncidentRow } from '../../store/events/incidents.ts';
import { type AccountsOf, accountsFor } from '../accounts.ts';
import { withHeard } from '../dispatch/heard.ts';
import { doubtsAbout } from '../doubts.ts';
import { Refusal } from '../refusal.ts';
import { tellStarted } from '../rounds/run-news.ts';
import { type RunStarter, startRun } from '../temporal/runs.ts';
import { isTemporalAway } from '../temporal/temporal-state.ts';
import type { OperationContext } from './operation.ts';
import { findRun } from './scope.ts';

/** A run that somebody begins, and not an event. */
export interface Beginning {
  id: string;
  /** In place of a trigger: `manual`, `plan`. */
  trigger: string;
  workflow: string;
  /** What the workflow is given, and what was said. */
  input: unknown;
  given: unknown;
  subject: string | undefined;
  incident: IncidentRow | undefined;
  target: string;
  tags?: readonly string[] | undefined;
  whenResolved: 'stop' | 'continue';
  reason: string;
  /** `propose`: a run has started it, and it may do what cannot be taken back. */
  mode?: 'plan' | 'propose';
  whenAcknowledged?: WhenAcknowledged | undefined;
}

/** Keeps the run, with its line in the record, and starts it in Temporal; while that is away it is started later. */
export async function begin(
  beginning: Beginning,
  context: OperationContext,
): Promise<{ run: Awaited<ReturnType<typeof findRun>>; isNew: boolean }> {
  const { id, trigger, workflow, input, given, subject, incident, target, whenResolved, reason, mode } =
    beginning;
  const { whenAcknowledged, tags } = beginning;
  const starter = reachable(context);
  const { store, connections, policies, principal, via } = context;
  const known = await connections.look();
  const triggers = await context.triggers();
  const { urgent, subscriptions } = await policies();
  const cause = withHeard(
    {
      trigger,
      startedBy: starterOf(principal),
      eventId: id,
      eventType: trigger,
      ...(subject === undefined ? {} : { subject }),
      ...accountsFor(roleOf(workflow, incident), known.routes),
      ...(incident?.incident ? { incident: incident.incident } : {}),
      target,
      whenResolved,
      ...(whenAcknowledged ? { whenAcknowledged } : {}),
      ...(tags ? { tags } : {}),
      ...(principal.run ? { chain: principal.run.chain } : {}),
      ...(mode ? { mode } : {}),
    },
    workflow,
    { triggers, subscriptions },
  );
  const run: Pick<RunRow, 'id' | 'trigger' | 'workflow' | 'target' | 'subject'> = {
    id,
    trigger,
    workflow,
    target,
    ...(subject === undefined ? {} : { subject }),
  };
  const doubts = doubtsAbout(cause, known);
  const found = await store.beginRun(
    { ...run, input, cause },
    {
      at: new Date().toISOString(),
      actor: actorOf(principal),
      via,
      action: 'run.started',
      subject: subject ?? id,
      detail: {
        run: id,
        workflow,
        reason,
        ...(isDrill(incident?.incident) ? { drill: true as const } : {}),
        ...(doubts.length > 0 ? { doubts } : {}),
        input: given,
      },
    },
  );
  if (found === 'other')
    throw new Refusal(
      422,
      'Key used before',
      'This Idempotency-Key stands for another run, or for one with another input. Use a new one.',
    );
  const isNew = found === 'new';
  if (isNew || (await store.findRun(id))?.state === 'starting') {
    // What Temporal does not take now it gets when it is back: the run is kept.
    const isUrgent = incident?.incident !== undefined && urgent?.isUrgent(incident.incident) === true;
    const isThere = await startRun({ id, workflow, input, cause, urgent: isUrgent }, starter).then(
      () => true,
      (error: unknown) => {
        if (!isTemporalAway(error)) throw error;
        return false;
      },
    );
    if (isThere) {
      await tellStarted(run, cause, { store, triggers, via });
      await store.runBegan(id);
    }
  }
  return { run: await findRun(id, context), isNew };
}

/** A run as its accounts depend on it. One on no incident goes by the routes alone. A service has its account before its id, as an incident has. */
function roleOf(workflow: string, incident: IncidentRow | undefined): AccountsOf {
  return {
    workflow,
    connection: incident?.connection ?? defaultConnection,
    serviceId: incident?.service && incidentOfSubject(incident.service)?.incidentId,
    concernsIncident: incident !== undefined,
  };
}

const starterOf = ({ kind, name, alsoKnownAs }: Principal): NonNullable<RunCause['startedBy']> => ({
  kind,
  name,
  ...(alsoKnownAs === undefined ? {} : { alsoKnownAs }),
});

/** Under a key of its sender the id is always the same one; else one that sorts by time. */
export function runIdFor({ idempotencyKey, principal }: OperationContext, trigger: string): string {
  if (idempotencyKey === undefined) {
    const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
    return `${trigger}/${time}-${randomBytes(4).toString('hex')}`;
  }
  const text = JSON.stringify([principal.kind, principal.name, idempotencyKey]);
  return `${trigger}/${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
}

export function reachable({ runs }: OperationContext): RunStarter {
  if (runs) return runs;
  throw new Refusal(
    503,
    'No Temporal here',
    'This process does not reach Temporal. Start Baton, or set TEMPORAL_ADDRESS and BATON_SECRET_KEY as its servers have them.',
    60,
  );
}
