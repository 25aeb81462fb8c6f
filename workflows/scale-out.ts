import { CancellationScope, patched } from '@temporalio/workflow';
import type { MadeHere } from '../domain/made.ts';
import { steps, waits } from './kit/activities.ts';
import { withApproval } from './kit/ask-approval.ts';
import { takingBack } from './kit/call-approval.ts';
import { ticketForCause } from './kit/cause-ticket.ts';
import { followIncident } from './kit/follow-incident.ts';
import { handOver } from './kit/hand-over.ts';
import { heldIn } from './kit/held.ts';
import { findWorkloads } from './kit/kubernetes-names.ts';
import { findPods } from './kit/kubernetes-pods.ts';
import { failureOf } from './kit/parts.ts';
import { areAlertsOver, untilQuiet, whileOpen } from './kit/quiet.ts';
import type { Alert, CurrentIncident } from './kit/read-context.ts';
import { engine, healthy, isLooking } from './kit/run.ts';
import { isNotHealthy, verify } from './kit/verify.ts';

export interface ScaleOutInput {
  incidentId: string;
  /** How long the pods must stay ready, in seconds. */
  stableForSeconds?: number;
  /** How long it may take until then, in seconds. */
  timeoutSeconds?: number;
  /** How long all must be quiet before it goes back, in seconds. */
  quietForSeconds?: number;
  /** How long it waits for that, in seconds. */
  longestSeconds?: number;
}

/** How long people are asked. */
const askedFor = '1 hour';
/** A step is half of what there is, and so many pods at most. */
const mostAtOnce = 10;
const mostNamed = 5;
/** So often it looks at the alerts at most, however long it waits: a history cannot hold any number of looks. */
const mostLooks = 1_440;

/**
 * Gives a deployment that has too much to do more pods, by a bounded step, and takes them away again once the incident is resolved or its alerts
 * have been over for long enough. Where the owner has allowed no number it asks people. It goes back, too, where the new pods do not become
 * ready, and where the run is stopped; never where somebody else has set the number meanwhile, be it to the same one.
 */
export async function scaleOut({ incidentId, ...times }: ScaleOutInput): Promise<string> {
  const { stableForSeconds = 120, timeoutSeconds = 600 } = times;
  const { quietForSeconds = 900, longestSeconds = 86_400 } = times;
  const incident = await steps.readPagerDutyIncident({ incidentId });
  const { alerts } = await steps.listPagerDutyAlerts({ incidentId });
  const isOver = alerts.length > 0 && alerts.every(({ status }) => status === 'resolved');
  if (incident.status === 'resolved' || isOver) return 'resolved elsewhere';
  const found = await findDeployment(incident.title, alerts);
  if ('unknown' in found) {
    await note(incidentId, found.unknown);
    return 'does not know the deployment';
  }
  const step = 'why' in found ? found : await decide(found);
  if ('why' in step) return handOver(incident, step.why);

  const seconds = { stableForSeconds, timeoutSeconds, quietForSeconds, longestSeconds };
  try {
    const answer = await whileOpen(incidentId, () => scaleUp(incident, step));
    if (!answer) {
      // Resolved while people were asked, or in the very moment of the change.
      await goBack(step, 'at once');
      return 'resolved elsewhere';
    }
    if ('why' in answer) return await handOver(incident, answer.why);
    if ('refusal' in answer) {
      await note(incidentId, `${nameOf(step)} was not scaled out: ${answer.refusal}.`);
      return 'not scaled';
    }
    if (!(await hasScaled()))
      return await handOver(
        incident,
        `${nameOf(step)} had been set to ${step.to} replicas by somebody else before this run did, so it has changed nothing, and takes nothing back.`,
      );
    await acknowledge(incidentId);
    await verifyPods(step, seconds);
    await note(incidentId, scaledNote(step, seconds));
    return await followToTheEnd(incident, step, seconds);
  } catch (error) {
    const { end, said, isNews } = await CancellationScope.nonCancellable(() => goBack(step, 'at once'));
    if (isNotHealthy(error))
      return handOver(incident, `${nameOf(step)} was scaled out, and its pods did not become ready. ${said}`);
    if (isNews || end !== 'back') await CancellationScope.nonCancellable(() => note(incidentId, said));
    throw error;
  }
}

/** Until it has gone back, or is left. A resolved incident may open again before that. */
async function followToTheEnd(
  incident: CurrentIncident,
  step: Step,
  { longestSeconds, ...seconds }: Seconds & { longestSeconds: number },
): Promise<string> {
  const followed = followIncident(incident);
  const quietFor = seconds.quietForSeconds * 1_000;
  const longest = longestSeconds * 1_000;
  const every = Math.max(Math.min(quietFor, 60_000), longest / mostLooks);
  const begin = Date.now();
  for (;;) {
    const end = await untilQuiet(incident.id, {
      quietFor,
      timeout: begin + longest - Date.now(),
      every,
    });
    if (end === 'open') return leave(incident, step, longestSeconds);
    if (end === 'quiet') return finish(incident, step, { ...seconds, isOpen: true });
    await followed.whileStatus('resolved', quietFor);
    if (followed.status === 'resolved') return finish(incident, step, { ...seconds, isOpen: false });
  }
}

interface Deployment {
  namespace: string;
  deployment: string;
}

/** What is to be done, and back. */
interface Step extends Deployment {
  from: number;
  to: number;
  /** Its owner has said how far it may go. */
  isAllowed: boolean;
}

interface Seconds {
  stableForSeconds: number;
  timeoutSeconds: number;
  quietForSeconds: number;
}

const nameOf = ({ namespace, deployment }: Deployment) => `Deployment ${namespace}/${deployment}`;

/** The one deployment that title and alerts name. */
async function findDeployment(
  title: string,
  alerts: readonly Alert[],
): Promise<Deployment | { why: string } | { unknown: string }> {
  const { workloads } = findWorkloads(title, alerts, 'all');
  if (workloads.length > mostNamed)
    return {
      why: `The alerts name ${workloads.length} workloads, too many to scale any of them without a person.`,
    };
  const found: { namespace: string; kind: string; name: string }[] = [];
  let failure: unknown;
  for (const named of workloads) {
    // A word of a title may name a namespace that there is not, or that Baton may not read.
    const pods = await findPods(named).catch((error: unknown) => {
      if (!failureOf(error)) throw error;
      failure ??= error;
    });
    if (!pods || 'missing' in pods || !pods.owner) continue;
    const { namespace } = named;
    const { kind, name } = pods.owner;
    if (!found.some((other) => other.namespace === namespace && other.kind === kind && other.name === name))
      found.push({ namespace, kind, name });
  }
  const [first, ...others] = found;
  if (!first && failure !== undefined) throw failure;
  if (!first)
    return {
      unknown:
        'Which deployment has too much to do is not said: neither an alert has the details namespace and deployment or pod, nor the title a ' +
        'namespace/name that the cluster has. Nothing was scaled.',
    };
  if (others.length > 0)
    return {
      why: `The alerts name several workloads (${found.map((each) => `${each.namespace}/${each.name}`).join(', ')}), so none was scaled.`,
    };
  const { namespace, kind, name } = first;
  if (kind !== 'Deployment')
    return { why: `${kind} ${namespace}/${name} is no deployment, so it was not scaled.` };
  return { namespace, deployment: name };
}

/** How far it is scaled, or why not at all. */
async function decide(place: Deployment): Promise<Step | { why: string }> {
  const { replicas, autoscaler, keeper, scaleMax } = await steps.readKubernetesWorkload({ ...place });
  const { desired, updated, ready } = replicas;
  const name = nameOf(place);
  const why = (reason: string) => ({ why: `${name} was not scaled out: ${reason}.` });
  // Asked after the read: a number that another run has set by then is known to be its own.
  const other = await engine.findOtherOn({
    target: `kubernetes:${place.namespace}/deployment/${place.deployment}`,
  });
  if (other !== undefined)
    return why(
      `the run ${other} has scaled it already and still follows it, and takes back its own step only`,
    );
  if (autoscaler)
    return why(
      `autoscaler ${autoscaler.name} sets its replicas (${autoscaler.min} to ${autoscaler.max}, ${desired} now). If it has reached its ` +
        'maximum, raise that',
    );
  if (keeper)
    return why(`${keeper} keeps it as it is written there and would put it back: change its replicas there`);
  if (desired === 0) return why('it has no replicas, so somebody has switched it off');
  if (updated < desired) return why(`a rollout is under way (${updated} of ${desired} replicas are updated)`);
  if (ready * 2 < desired)
    return why(`only ${ready} of its ${desired} pods are ready, and more of them would not be ready either`);
  const most = desired + Math.min(Math.ceil(desired / 2), mostAtOnce);
  const to = scaleMax === undefined ? most : Math.min(most, scaleMax);
  if (to <= desired)
    return why(`it has ${desired} replicas, and its owner allows ${scaleMax} at most (baton/scale-max)`);
  return { ...place, from: desired, to, isAllowed: scaleMax !== undefined };
}

type Scaled = { result: { changed: boolean } } | { refusal: string } | { why: string };

/** As far as the owner allows it, as far as the run's mode goes. Where the owner has said nothing, people are asked. */
async function scaleUp(incident: CurrentIncident, step: Step): Promise<Scaled> {
  const { namespace, deployment, to: replicas, isAllowed } = step;
  const input = { namespace, deployment, replicas };
  const asking = {
    approvers: { onCallOf: incident.service.id, role: 'approver' },
    expiresIn: askedFor,
    though: 'its owner has set no baton/scale-max',
  } as const;
  try {
    return isAllowed
      ? { result: await steps.scaleKubernetesDeployment(input) }
      : await withApproval('scaleKubernetesDeployment', input, asking);
  } catch (error) {
    const failure = failureOf(error);
    if (!failure) throw error;
    if (failure.class === 'NotApproved') return { refusal: failure.message };
    const held = heldIn(error);
    const ticket =
      held?.guard === 'repeats' && patched('ticket-for-cause')
        ? await ticketForCause(held, {
            incidentId: incident.id,
            what: `why ${nameOf(step)} has too much to do`,
            remedy: 'scales it out',
          })
        : '';
    return { why: `${nameOf(step)} was not scaled out: ${failure.message}${ticket}.` };
  }
}

/** Somebody may have resolved it this very moment, which the run then hears of. */
async function acknowledge(incidentId: string): Promise<void> {
  try {
    await steps.acknowledgePagerDutyIncident({ incidentId });
  } catch (error) {
    if (failureOf(error)?.class !== 'Conflict') throw error;
  }
}

/** Throws `NotHealthy` where the pods do not become ready, or do not stay so. */
async function verifyPods(
  { namespace, deployment }: Deployment,
  { stableForSeconds, timeoutSeconds }: Seconds,
  also: () => Promise<boolean> = async () => true,
): Promise<void> {
  const { complete } = await waits.awaitKubernetesRollout({ namespace, deployment, timeoutSeconds });
  const areReady = async () =>
    (await steps.readKubernetesRollout({ namespace, deployment })).complete && (await also());
  await verify(areReady, {
    // What has not come up by then is given no more time.
    timeout: (complete ? timeoutSeconds : stableForSeconds) * 1_000,
    stableFor: stableForSeconds * 1_000,
    every: Math.min(stableForSeconds, 15) * 1_000,
  });
}

const scaledNote = (step: Step, { stableForSeconds, quietForSeconds }: Seconds) =>
  `${nameOf(step)} was scaled out from ${step.from} to ${step.to} replicas; all have been ready for ${stableForSeconds} s. It goes back to ` +
  `${step.from} ${inWords(quietForSeconds)} after the incident is resolved or its alerts are over, unless somebody changes the number.`;

const inWords = (seconds: number) => (seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} s`);

/** Whether the run has scaled it, or may have. What somebody else has set to the same number meanwhile is not its own to take back. */
// What is only looked at goes on as if it were made.
const hasScaled = async (): Promise<boolean> => isLooking() || (await ownSteps()).length > 0;

/** What the run has set, or may have, the newest first. */
async function ownSteps(): Promise<MadeHere[]> {
  const made = await engine.listMade({});
  return made.filter(({ activity }) => activity === 'scaleKubernetesDeployment');
}

interface Back {
  end: 'back' | 'changed' | 'not back';
  said: string;
  /** It was taken back just now. */
  isNews?: true;
  /** A guard stands in the way. */
  isHeld?: true;
}

/**
 * To the number before, unless somebody has set another one meanwhile. What stands in the way is said. `at once`: the step did not help, or is
 * stopped, so that it is taken back by the approval that people gave it. `later`: it takes away what has been of use for hours, so that people
 * are asked anew where the mode wants that.
 */
async function goBack(step: Step, when: 'at once' | 'later'): Promise<Back> {
  const { namespace, deployment, from, to } = step;
  const name = nameOf(step);
  const own = isLooking() ? undefined : await ownSteps();
  if (own?.length === 0) return { end: 'back', said: `${name} was not scaled by this run.` };
  try {
    const { replicas } = await steps.readKubernetesWorkload({ namespace, deployment });
    const { desired } = replicas;
    if (desired !== from && desired !== to)
      return {
        end: 'changed',
        said: `${name} was set to ${desired} replicas by somebody else since, so it was not taken back to ${from}.`,
      };
    const back = { end: 'back', said: `${name} has ${from} replicas again, as before.` } as const;
    if (desired === from) return back;
    const told = when === 'at once' ? inverseOf(own ?? [], from) : undefined;
    if (told) await takingBack(told.key, () => steps.scaleKubernetesDeployment(told.input));
    else await steps.scaleKubernetesDeployment({ namespace, deployment, replicas: from, from: to });
    return { ...back, isNews: true };
  } catch (error) {
    const failure = failureOf(error);
    if (!failure) throw error;
    return {
      end: 'not back',
      ...(failure.class === 'Held' ? { isHeld: true } : {}),
      said: `${name} could not be taken back to ${from} replicas: ${failure.message}. Please do it, or take the change back with npx baton undo.`,
    };
  }
}

type Scaling = Parameters<typeof steps.scaleKubernetesDeployment>[0];

/** The inverse of the step to this number before, to the letter, as its plan has told it. */
function inverseOf(own: readonly MadeHere[], from: number): { key: string; input: Scaling } | undefined {
  for (const { key, inverse } of own) {
    if (!('input' in inverse)) continue;
    // It is of the same activity, whose schema the worker holds it to.
    const input = inverse.input as unknown as Scaling;
    if (input.replicas === from) return { key, input };
  }
  return undefined;
}

/** Goes back, and where the incident is still open resolves it once that has held. */
async function finish(
  incident: CurrentIncident,
  step: Step,
  { isOpen, ...seconds }: Seconds & { isOpen: boolean },
): Promise<string> {
  const { id: incidentId } = incident;
  const { end, said, isHeld } = await goBack(step, 'later');
  // Baton has acknowledged it, so it pages nobody by itself.
  if (isOpen && isHeld && patched('called-where-held')) return handOver(incident, said);
  await note(incidentId, said);
  if (end === 'not back') return 'left scaled out';
  if (!isOpen) return end === 'back' ? healthy('scaled out and back') : 'left as people set it';
  try {
    await verifyPods(step, seconds, () => areAlertsOver(incidentId));
  } catch (error) {
    if (!isNotHealthy(error)) throw error;
    return handOver(incident, `${said} Since then its alerts fire again, or its pods are not ready.`);
  }
  const evidence = `The alerts have been over for ${inWords(seconds.quietForSeconds)}. ${said} All pods have been ready for ${seconds.stableForSeconds} s since.`;
  await steps.resolvePagerDutyIncident({ incidentId, evidence });
  return end === 'back' ? healthy('scaled out and back') : 'left as people set it';
}

/** Nobody has resolved it, and it has not become quiet: what is right then is for people to say. */
async function leave({ id }: CurrentIncident, step: Step, longestSeconds: number): Promise<string> {
  await note(
    id,
    `${nameOf(step)} still has ${step.to} replicas in place of ${step.from}: the incident has been open for ${inWords(longestSeconds)} since, and ` +
      'its alerts are not over. It is left so. Take it back with npx baton undo.',
  );
  return 'left scaled out';
}

const note = (incidentId: string, text: string) => steps.addPagerDutyNote({ incidentId, note: text });
