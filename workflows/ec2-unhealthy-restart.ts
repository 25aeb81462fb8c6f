import { steps, waits } from './kit/activities.ts';
import { failureOf, inParts } from './kit/parts.ts';
import type { Alert, CurrentIncident } from './kit/read-context.ts';
import { healthy } from './kit/run.ts';
import { namesOf } from './kit/status-card.ts';

export interface Ec2UnhealthyRestartInput {
  incidentId: string;
  /** How long the checks must stay good after the reboot, in seconds. */
  stableForSeconds?: number;
  /** How long it may take until then, in seconds. */
  timeoutSeconds?: number;
}

/**
 * Reboots an EC2 instance that fails its status checks, if its tag allows that, and resolves the incident once the checks
 * have stayed good. In every other case a person is asked, and the incident stays open.
 */
export async function ec2UnhealthyRestart({
  incidentId,
  stableForSeconds = 60,
  timeoutSeconds = 900,
}: Ec2UnhealthyRestartInput): Promise<string> {
  const incident = await steps.readPagerDutyIncident({ incidentId });
  const { alerts } = await steps.listPagerDutyAlerts({ incidentId });
  const instanceId = findInstanceId([incident.title, ...alerts.flatMap(textsOfAlert)]);
  if (!instanceId)
    return handOver(incident, 'Neither the title nor an alert names an EC2 instance, so none was rebooted.');

  const { instance, status } = await describe(instanceId);
  if (instance.state !== 'running')
    return handOver(incident, `${instanceId} is ${instance.state}: a reboot would not help.`);
  const limits = { instanceIds: [instanceId], stableForSeconds, timeoutSeconds };
  if (!isImpaired(status)) {
    const isWell = isHealthy(status) || (await waits.awaitEc2InstancesHealthy(limits)).healthy;
    if (!isWell)
      return handOver(incident, `${instanceId} does not get well, and no check says that it is impaired.`);
    await note(
      incidentId,
      `${instanceId} is healthy again. It was not rebooted, and the incident is left open.`,
    );
    return healthy('healthy again');
  }
  if (instance.tags['baton:restart'] !== 'allowed')
    return handOver(
      incident,
      `${instanceId} fails its checks (${inWords(status)}) and lacks the tag baton:restart = allowed, so it was not rebooted.`,
    );

  if (!(await acknowledge(incidentId))) return 'resolved elsewhere';
  const rebooted = await reboot(instanceId);
  if ('conflict' in rebooted)
    return handOver(incident, `${instanceId} may not have been rebooted: ${rebooted.conflict}.`);

  const { at } = rebooted;
  const { healthy: isWell, failing } = await waits.awaitEc2InstancesHealthy({ ...limits, since: at });
  if (!isWell) {
    const said = failing.map(({ check, status: found }) => `${check} ${found}`).join(', ');
    return handOver(incident, `${instanceId} was rebooted at ${at} and is not healthy after it (${said}).`);
  }
  await close(incident, instanceId, at, stableForSeconds);
  return healthy('restarted');
}

/** The first EC2 instance id in these texts. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html */
export function findInstanceId(texts: readonly string[]): string | undefined {
  for (const text of texts) {
    const id = /\bi-[0-9a-f]{8,17}\b/.exec(text)?.[0];
    if (id) return id;
  }
  return undefined;
}

/** Key, summary and details, in the order in which they are believed. */
export function textsOfAlert({ key, summary, details }: Alert): string[] {
  return [...(key ? [key] : []), summary, ...textsIn(details)];
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
}

async function describe(instanceId: string) {
  const instanceIds = [instanceId];
  const [{ instances }, { statuses }] = await Promise.all([
    steps.listEc2Instances({ instanceIds }),
    steps.listEc2InstanceStatuses({ instanceIds }),
  ]);
  const [instance] = instances;
  const [status] = statuses;
  if (!instance || !status) throw new Error(`EC2 tells nothing of ${instanceId}`);
  return { instance, status };
}

/** The status checks of an instance, as EC2 tells them. */
interface Checks {
  system: string;
  instance: string;
  ebs: string;
}

/** Only a check that has failed is a reason to reboot: one that has not told yet may mean that somebody just did. */
export const isImpaired = ({ system, instance, ebs }: Checks) => [system, instance, ebs].includes('impaired');

/** All checks are good; only the one for volumes need not apply. */
export const isHealthy = ({ system, instance, ebs }: Checks) =>
  system === 'ok' && instance === 'ok' && (ebs === 'ok' || ebs === 'not-applicable');

const inWords = ({ system, instance, ebs }: Checks) => `system ${system}, instance ${instance}, ebs ${ebs}`;

/** Reads first. False: somebody has resolved the incident meanwhile, so there is nothing left to act on. */
async function acknowledge(incidentId: string): Promise<boolean> {
  try {
    await steps.acknowledgePagerDutyIncident({ incidentId });
    return true;
  } catch (error) {
    if (failureOf(error)?.class !== 'Conflict') throw error;
    const { status } = await steps.readPagerDutyIncident({ incidentId });
    if (status !== 'resolved') throw error;
    return false;
  }
}

/** A conflict: it is unknown whether the reboot was made, or something forbids it now. It is not tried again. */
async function reboot(instanceId: string): Promise<{ at: string } | { conflict: string }> {
  try {
    const { requestedAt } = await steps.rebootEc2Instances({ instanceIds: [instanceId] });
    return { at: requestedAt };
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.class !== 'Conflict') throw error;
    return { conflict: failure.message };
  }
}

/** Tells what was done and checked, and resolves. A change event that cannot be sent holds up nothing. */
async function close(incident: CurrentIncident, instanceId: string, rebootedAt: string, stableFor: number) {
  const incidentId = incident.id;
  const { part, problems } = inParts();
  await part('Change event', () =>
    steps.sendPagerDutyChangeEvent({
      summary: `Rebooted ${instanceId}`,
      source: 'baton',
      timestamp: rebootedAt,
      serviceId: incident.service.id,
      details: { instance: instanceId, incident: incidentId },
      ...(incident.url ? { links: [{ href: incident.url, text: `Incident #${incident.number}` }] } : {}),
    }),
  );
  const evidence = `its status checks (system, instance, ebs) have been good for ${stableFor} s without a break`;
  await note(
    incidentId,
    [
      `Rebooted ${instanceId} at ${rebootedAt}; ${evidence}.`,
      ...problems.map((line) => `Not done: ${line}.`),
    ].join('\n'),
  );
  await steps.resolvePagerDutyIncident({
    incidentId,
    evidence: `${instanceId} was rebooted at ${rebootedAt} and ${evidence}.`,
  });
}

/**
 * Leaves the incident to a person: says why in a note, then asks the escalation policy for somebody. Where the plan has no
 * such requests the incident is escalated. Where nobody can be asked the run fails, and so pages.
 */
async function handOver(incident: CurrentIncident, why: string): Promise<string> {
  const incidentId = incident.id;
  await note(incidentId, `${why}\nA person is needed.`);
  if (await askResponders(incident, why)) return 'handed to a person';
  try {
    await steps.escalatePagerDutyIncident({ incidentId, level: 2 });
  } catch (error) {
    if (!failureOf(error)) throw error;
    await note(
      incidentId,
      `Baton could ask nobody. Please call ${namesOf(incident.assignees) || 'who is on call'}.`,
    );
    throw error;
  }
  return 'handed to a person';
}

/** False where the plan has no such requests, or there is nobody to ask. */
async function askResponders({ id, escalationPolicy }: CurrentIncident, message: string): Promise<boolean> {
  if (!escalationPolicy) return false;
  const answer = await steps.requestPagerDutyResponders({
    incidentId: id,
    message,
    escalationPolicyIds: [escalationPolicy.id],
  });
  return answer.unavailable === undefined;
}

const note = (incidentId: string, text: string) => steps.addPagerDutyNote({ incidentId, note: text });
