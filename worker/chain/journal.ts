import type { AnyChange } from '../../activities/activity.ts';
import { simulationMark } from '../../activities/simulated.ts';
import { type JournalEntry, type JournalPolicy, journalRules, shortened } from '../../domain/journal.ts';
import type { Plan } from '../../domain/plan.ts';
import { changeEvents } from '../../domain/route.ts';
import type { WorkerBuild } from '../../domain/run.ts';
import { defaultConnection, subjectOf } from '../../domain/subject.ts';
import { scrubValue } from '../../secrets/scrub.ts';
import type { CauseOfCall } from '../authority.ts';
import { approvalFor, type Call } from './call.ts';
import { inRecord } from './entry.ts';
import { targetsOf } from './intent.ts';

/** What PagerDuty is told of by itself, and the code that says so. */
export interface Journaling {
  policies: readonly JournalPolicy[];
  worker: WorkerBuild;
}

/**
 * What PagerDuty is to be told of a change that was made; undefined where no policy asks for it. `plan` is missing where an attempt that
 * was cut off may have made it: what it saw before is not known any more.
 */
export function journalEntry(
  call: Call<AnyChange>,
  plan: Plan | undefined,
  { policies, worker }: Journaling,
  scrub: (text: string) => string,
): JournalEntry | undefined {
  const { declaration, workflow, runId, shown, subject, simulated } = call;
  const { name, kind, provider, summary } = declaration;
  const rules = journalRules({ workflow, kind, provider }, policies);
  if (!rules || !('cause' in shown)) return undefined;
  const { connection: account = defaultConnection, connections = {} } = shown.cause;
  const routed = connections[`pagerduty/${changeEvents}`];
  const targets = targetsOf(call);
  const names =
    approvalFor(call)?.answers.flatMap((each) => (each.decision === 'approved' ? [each.name] : [])) ?? [];
  const mark = simulationMark('pagerduty', simulated);
  const what =
    plan?.summary ??
    `${summary}: ${targets.join(', ')}. An attempt that was cut off has done it, or it was so`;
  const { actor } = call;
  const forWhom = [
    `by ${actor.kind === 'person' ? actor.name : `${actor.kind} ${actor.name}`}`,
    ...(names.length > 0 ? [`approved by ${names.join(', ')}`] : []),
  ].join(', ');
  const about = incidentIn(shown.cause);
  const entry: JournalEntry = {
    summary: `${mark ? `${mark} · ` : ''}${what} (${forWhom})`,
    at: new Date().toISOString(),
    run: runId,
    workflow,
    activity: name,
    targets,
    by: inRecord(call.actor),
    ...(names.length > 0 ? { approvedBy: names } : {}),
    ...(plan?.before === undefined ? {} : { before: shortened(plan.before) }),
    ...(plan?.after === undefined ? {} : { after: shortened(plan.after) }),
    subject,
    ...(about === undefined ? {} : { incident: about }),
    account,
    connections: [rules.connection, routed].filter((each) => each !== undefined),
    worker,
  };
  return scrubValue(entry, scrub) as JournalEntry;
}

function incidentIn({ incident, connection = defaultConnection }: CauseOfCall): JournalEntry['incident'] {
  if (incident?.id === undefined) return undefined;
  const { id, number, url, service } = incident;
  return {
    id: subjectOf(connection, id),
    ...(number === undefined ? {} : { number }),
    ...(url === undefined ? {} : { url }),
    serviceId: service.id,
  };
}
