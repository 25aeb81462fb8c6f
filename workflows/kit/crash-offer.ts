import { patched } from '@temporalio/workflow';
import type { Held } from '../../domain/guard.ts';
import { oneLine } from '../../domain/text.ts';
import { steps, waits } from './activities.ts';
import { withApproval } from './ask-approval.ts';
import { ticketForCause } from './cause-ticket.ts';
import { type Remedy, remedyFor } from './crash-remedy.ts';
import { type Evidence, keepEvidence, podLogsOf } from './evidence.ts';
import { guard } from './guard.ts';
import { handOver } from './hand-over.ts';
import { heldIn } from './held.ts';
import { crashingContainer, type FoundPods, type Pod, worst } from './kubernetes-pods.ts';
import { inTime, orUnavailable } from './parts.ts';
import type { CurrentIncident } from './read-context.ts';
import { healthy } from './run.ts';
import { isNotHealthy, verify } from './verify.ts';

/** How long people are asked. */
const askedFor = '1 hour';

/** A remedy in the namespace that it is for, with the labels of its pods. */
type Offered = Remedy & { namespace: string; selector: string; crashing?: Pod };
type Offer = Exclude<Offered, { kind: 'none' }>;

/** What may help the pods that were found to crash. Undefined where no deployment makes them. */
export async function findRemedy(
  { id: incidentId, createdAt: reportedAt }: CurrentIncident,
  found: (FoundPods & { named: { namespace: string } }) | undefined,
): Promise<Offered | undefined> {
  if (!found) return undefined;
  const { owner, pods, truncated, named } = found;
  if (owner?.kind !== 'Deployment') return undefined;
  const { namespace } = named;
  const { name: deployment } = owner;
  const seen = await orUnavailable(async () => {
    const [workload, { revisions }] = await Promise.all([
      steps.readKubernetesWorkload({ namespace, deployment }),
      steps.listKubernetesRevisions({ namespace, deployment }),
    ]);
    return { workload, revisions };
  });
  if ('unavailable' in seen) return { kind: 'none', because: seen.unavailable, namespace, selector: '' };
  const { workload, revisions } = seen;
  const more = truncated ? { truncated } : {};
  const remedy = remedyFor({ deployment, workload, pods, revisions, reportedAt, ...more });
  const place = { namespace, selector: workload.selector, crashing: found.crashing };
  if (remedy.kind === 'none') return { ...remedy, ...place };
  const looked = await guard(`kubernetes:${namespace}/deployment/${deployment}`);
  if (looked.allowed) return { ...remedy, ...place };
  const ticket = await ticketFor(looked.held, incidentId, { namespace, deployment });
  return { kind: 'none', because: `${looked.held.reason}${ticket}`, ...place };
}

/** Runs that began before there was one for crash loops go on without. */
async function ticketFor(
  held: Held | undefined,
  incidentId: string,
  { namespace, deployment }: { namespace: string; deployment: string },
): Promise<string> {
  if (held?.guard !== 'repeats' || !patched('ticket-for-cause')) return '';
  const what = `why the pods of ${namespace}/${deployment} crash`;
  return ticketForCause(held, { incidentId, what, remedy: 'neither restarts nor rolls it back' });
}

/** As people read it in the note. */
export function offerLine(remedy: Offered): string {
  const { kind, because } = remedy;
  if (kind === 'none') return `Neither a roll-back nor a restart is offered: ${because}.`;
  const what = kind === 'roll back' ? `A roll-back to revision ${remedy.toRevision}` : 'A restart';
  return `${what} is offered, and waits for an approval: ${because}.`;
}

/**
 * Makes it once people have approved just that. Without them the diagnosis stands. What does not help, or cannot be made, is handed to a
 * person, and the incident stays open.
 */
export async function offer(
  incident: CurrentIncident,
  remedy: Offer,
  { stableForSeconds, timeoutSeconds }: { stableForSeconds: number; timeoutSeconds: number },
): Promise<string> {
  const { id: incidentId } = incident;
  const what = remedy.kind === 'roll back' ? `roll-back to revision ${remedy.toRevision}` : 'restart';
  let evidence: Evidence[] = [];
  const readFirst = async () => {
    evidence = await logsOf(remedy);
  };
  const first = patched('evidence-first') ? { first: readFirst } : {};
  let ticket = '';
  const answer = await orUnavailable(() =>
    makeIfApproved(incident, remedy, first).catch(async (error: unknown) => {
      ticket = await ticketFor(heldIn(error), incidentId, remedy);
      throw error;
    }),
  );
  const keeping =
    evidence.length > 0 && !('refusal' in answer)
      ? keepEvidence(incidentId, evidence, `before the ${what}`)
      : undefined;
  // The end of the run hears of it.
  keeping?.catch(() => {});
  const made = 'unavailable' in answer ? { unavailable: `${answer.unavailable}${ticket}` } : answer;
  const outcome = await conclude(
    incident,
    remedy,
    { stableForSeconds, timeoutSeconds },
    { what, answer: made },
  );
  await keeping;
  return outcome;
}

async function conclude(
  incident: CurrentIncident,
  remedy: Offer,
  { stableForSeconds, timeoutSeconds }: { stableForSeconds: number; timeoutSeconds: number },
  { what, answer }: { what: string; answer: Made | { unavailable: string } },
): Promise<string> {
  const { id: incidentId } = incident;
  const { namespace, deployment, selector } = remedy;
  const name = `${namespace}/${deployment}`;
  if ('unavailable' in answer)
    return handOver(incident, `The ${what} of ${name} could not be made: ${answer.unavailable}.`);
  if ('refusal' in answer) {
    await note(incidentId, `The ${what} of ${name} was not made: ${answer.refusal}.`);
    return healthy('diagnosed');
  }
  await orUnavailable(() => steps.acknowledgePagerDutyIncident({ incidentId }));
  const rollout = await waits.awaitKubernetesRollout({ namespace, deployment, timeoutSeconds });
  const isStable = async () => {
    const { pods } = await steps.listKubernetesPods({ namespace, selector });
    const staying = pods.filter(({ deleting }) => !deleting);
    return staying.length > 0 && staying.every(({ ready }) => ready);
  };
  const made = `The ${what} of ${name} was made`;
  try {
    await verify(isStable, {
      // What has not come up by then is given no more time.
      timeout: (rollout.complete ? timeoutSeconds : stableForSeconds) * 1_000,
      stableFor: stableForSeconds * 1_000,
      every: Math.min(stableForSeconds, 15) * 1_000,
    });
  } catch (error) {
    if (!isNotHealthy(error)) throw error;
    const { pods } = await steps.listKubernetesPods({ namespace, selector });
    const ready = pods.filter((pod) => pod.ready).length;
    return handOver(
      incident,
      `${made}, and it did not help: ${ready} of ${pods.length} pods are ready (rollout: ${rollout.reason}). The incident is left open.${remedy.kind === 'roll back' ? ' The roll-back is taken back with npx baton undo.' : ''}`,
    );
  }
  const said = `${made}; its pods have all been ready for ${stableForSeconds} s without a break (rollout: ${rollout.reason}).`;
  const others = patched('leaves-other-matters') ? await firingBeside(incident, deployment) : [];
  if (others.length > 0)
    return handOver(
      incident,
      `${said} The incident is left open, as more fires in it: ${others.join('; ')}.`,
    );
  await note(incidentId, said);
  await steps.resolvePagerDutyIncident({ incidentId, evidence: said });
  return healthy(remedy.kind === 'roll back' ? 'rolled back' : 'restarted');
}

const mostNamed = 10;

/**
 * What fires in the incident beside what is about the deployment: a resolve would close that, too. Of several alerts one is about it that names it or
 * its pods, whose names begin so, or has given the incident its title. Asked at the end: alerts have joined meanwhile, or are over.
 */
async function firingBeside({ id, title }: CurrentIncident, deployment: string): Promise<string[]> {
  const { alerts } = await steps.listPagerDutyAlerts({ incidentId: id });
  if (alerts.length === 1) return [];
  const others = alerts.filter(
    (alert) =>
      alert.status !== 'resolved' && alert.summary !== title && !JSON.stringify(alert).includes(deployment),
  );
  const named = others.slice(0, mostNamed).map(({ summary }) => oneLine(summary).slice(0, 200));
  const more = others.length - mostNamed;
  return more > 0 ? [...named, `and ${more} more`] : named;
}

type Made = { result: { changed: boolean } } | { refusal: string };

/** Asks who is on call for the incident's service, and whoever may approve in Baton. */
function makeIfApproved(
  { service }: CurrentIncident,
  remedy: Offer,
  first: { first?: () => Promise<void> },
): Promise<Made> {
  const { namespace, deployment } = remedy;
  const asking = {
    approvers: { onCallOf: service.id, role: 'approver' },
    expiresIn: askedFor,
    ...first,
  } as const;
  return remedy.kind === 'roll back'
    ? withApproval(
        'rollBackKubernetesDeployment',
        { namespace, deployment, toRevision: remedy.toRevision },
        asking,
      )
    : withApproval(
        'restartKubernetesDeployment',
        { namespace, deployment, at: new Date().toISOString() },
        asking,
      );
}

/** What new pods destroy, read right before: people were asked for an hour, and the pod that crashes may be another one by now. */
async function logsOf({ namespace, selector, crashing }: Offer): Promise<Evidence[]> {
  const now = await inTime(() => steps.listKubernetesPods({ namespace, selector }));
  const pod = 'unavailable' in now ? crashing : (worst(now.pods) ?? crashing);
  if (!pod) return [];
  const container = crashingContainer(pod)?.name;
  return podLogsOf({ namespace, pod: pod.name, ...(container === undefined ? {} : { container }) });
}

const note = (incidentId: string, text: string) =>
  steps.addPagerDutyNote({ incidentId, note: text.slice(0, 10_000) });
