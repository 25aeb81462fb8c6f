import { patched } from '@temporalio/workflow';
import { oneLine } from '../domain/text.ts';
import { steps, waits } from './kit/activities.ts';
import { firingNamed, mostInstances, otherMatters } from './kit/ec2-alerts.ts';
import { acknowledge, type InHand, isAnyFree, type Look, reboot } from './kit/ec2-reboot.ts';
import { consoleOutputOf, type Evidence, keepEvidence } from './kit/evidence.ts';
import { handOver } from './kit/hand-over.ts';
import { failureOf, inParts } from './kit/parts.ts';
import type { CurrentIncident } from './kit/read-context.ts';
import { healthy, verified } from './kit/run.ts';

export interface Ec2UnhealthyRestartInput {
  incidentId: string;
  /** How long the checks must stay good after the reboot, in seconds. */
  stableForSeconds?: number;
  /** How long it may take until then, in seconds. */
  timeoutSeconds?: number;
}

/** What such instances have in common. */
const groupTags = ['baton:group', 'aws:autoscaling:groupName'];

/**
 * Reboots the EC2 instances that fail their status checks, where their tag or people allow that, and resolves the incident once the checks
 * have stayed good. It begins only where the title or a firing alert speaks of status checks. In every other case a person is
 * asked, and the incident stays open.
 */
export async function ec2UnhealthyRestart({
  incidentId,
  stableForSeconds = 60,
  timeoutSeconds = 900,
}: Ec2UnhealthyRestartInput): Promise<string> {
  const incident = await steps.readPagerDutyIncident({ incidentId });
  const { alerts, truncated } = await steps.listPagerDutyAlerts({ incidentId });
  if (alerts.length > 0 && alerts.every(({ status }) => status === 'resolved')) return 'resolved elsewhere';
  const named = firingNamed(incident.title, alerts);
  // Another incident's matter: nothing is done to it, and nothing is said in it.
  if (!named.concernsChecks) return 'not about status checks';
  const { instanceIds } = named;
  if (instanceIds.length === 0)
    return handOver(
      incident,
      'Neither the title nor a firing alert names an EC2 instance, so none was rebooted.',
    );
  if (instanceIds.length > mostInstances || truncated)
    return handOver(
      incident,
      `${truncated ? 'More alerts than can be read name' : 'The alerts name'} ${instanceIds.length} instances or more, which is too many ` +
        `to reboot without a person: ${instanceIds.slice(0, 50).join(', ')}.`,
    );

  const looks: Look[] = [];
  for (const instanceId of instanceIds) looks.push(await look(instanceId, named.regions));
  const toReboot = looks.filter(({ finding }) => finding === 'to reboot');
  const hand: InHand = { isAcknowledged: toReboot.length > 0 && (await isAnyFree(toReboot)) };
  if (hand.isAcknowledged && !(await acknowledge(incidentId))) return 'resolved elsewhere';
  const end = !hand.isAcknowledged && toReboot.length > 0 ? await endOf(incidentId) : undefined;
  if (end) return end;
  const limits = { stableForSeconds, timeoutSeconds };
  // One after the other: where the first is not well after it, the next may still be asked for by its own alert.
  const done: Done[] = [];
  for (const each of looks) done.push(await handle(each, incident, limits, hand));
  const outcome = await conclude(incident, done);
  for (const { keeping } of done) await keeping;
  return outcome;
}

/** Undefined while the incident is open. Its event may come later, or be lost. */
async function endOf(incidentId: string): Promise<string | undefined> {
  const { status, mergedInto } = await steps.readPagerDutyIncident({ incidentId });
  if (status !== 'resolved') return undefined;
  return mergedInto ? `merged into ${mergedInto.id}` : 'resolved elsewhere';
}

async function conclude(incident: CurrentIncident, done: readonly Done[]): Promise<string> {
  const lines = done.map(({ said }) => said);
  if (done.some(({ end }) => end === 'needs a person')) return handOver(incident, lines.join('\n'));
  const rebooted = done.flatMap(({ instanceId, rebootedAt, isInJournal }) =>
    rebootedAt ? [{ instanceId, rebootedAt, isInJournal }] : [],
  );
  if (rebooted.length === 0) {
    await note(incident.id, `${lines.join('\n')}\nNothing was rebooted, and the incident is left open.`);
    return healthy('healthy again');
  }
  // Asked now: alerts have joined the incident meanwhile, or are over.
  const others = patched('leaves-other-matters') ? await firingBeside(incident, done) : [];
  if (others.length > 0) {
    const rest = others.length > 10 ? `; and ${others.length - 10} more` : '';
    const fires = `${others.slice(0, 10).join('; ')}${rest}`;
    return handOver(
      incident,
      `${lines.join('\n')}\nThe incident is left open, as more fires in it: ${fires}.`,
    );
  }
  await close(incident, rebooted, lines);
  return healthy('restarted');
}

/** A resolve would close whatever else fires in the incident. */
async function firingBeside({ id, title }: CurrentIncident, done: readonly Done[]): Promise<string[]> {
  const { alerts } = await steps.listPagerDutyAlerts({ incidentId: id });
  const handled = done.map(({ instanceId }) => instanceId);
  return otherMatters(title, alerts, handled).map((text) => oneLine(text).slice(0, 200));
}

async function look(instanceId: string, regions: readonly string[]): Promise<Look> {
  const needsPerson = (said: string): Look => ({ instanceId, finding: 'needs a person', said });
  const instanceIds = [instanceId];
  let found: Awaited<ReturnType<typeof describe>>;
  try {
    found = await describe(instanceIds);
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.class !== 'InvalidInput') throw error;
    const said = regions.length > 0 ? ` The alert says ${regions.join(', ')}.` : '';
    return needsPerson(
      `${instanceId} was not found, so it was not rebooted: ${failure.message}.${said} It is of another region or account, or was terminated.`,
    );
  }
  const { instance, status } = found;
  if (instance.state !== 'running')
    return needsPerson(`${instanceId} is ${instance.state}: a reboot would not help.`);
  const checks = inWords(status);
  if (status.system === 'impaired')
    return needsPerson(
      `${instanceId} fails its system check (${checks}): the host beneath it is at fault, so it was not rebooted. A stop and start ` +
        'moves an EBS-backed instance to another host; an instance store is lost by it, and a public IPv4 address changes. Or let EC2 recover it.',
    );
  if (status.instance === 'impaired') {
    if (instance.tags['baton:restart'] === 'allowed')
      return { instanceId, finding: 'to reboot', said: checks, ...groupOf(instance.tags) };
    // Runs that began before people could be asked go on without.
    if (patched('approval-without-tag'))
      return { instanceId, finding: 'to ask for', said: checks, ...groupOf(instance.tags) };
    return needsPerson(
      `${instanceId} fails its checks (${checks}) and lacks the tag baton:restart = allowed, so it was not rebooted.`,
    );
  }
  if (status.ebs === 'impaired')
    return needsPerson(
      `${instanceId} cannot reach a volume (${checks}): a reboot does not mend that, so it was not rebooted. Look at its EBS volumes.`,
    );
  return { instanceId, finding: isHealthy(status) ? 'passes' : 'unclear', said: checks };
}

function groupOf(tags: Record<string, string>): Pick<Look, 'group'> {
  const tag = groupTags.find((name) => tags[name]);
  return tag === undefined ? {} : { group: { [tag]: tags[tag] ?? '' } };
}

/** What became of one instance. */
interface Done {
  instanceId: string;
  end: 'well' | 'needs a person';
  said: string;
  rebootedAt?: string;
  /** PagerDuty is told of it by policy, as of all changes. */
  isInJournal?: boolean;
  /** What the reboot destroys is being put where people look for it: the next step does not wait for a place that is away. */
  keeping?: Promise<void>;
}

async function handle(
  seen: Look,
  incident: CurrentIncident,
  limits: { stableForSeconds: number; timeoutSeconds: number },
  hand: InHand,
): Promise<Done> {
  const { instanceId, finding, said } = seen;
  const kept: Pick<Done, 'keeping'> = {};
  const well = (words: string): Done => ({ instanceId, end: 'well', said: words, ...kept });
  const needsPerson = (words: string): Done => ({ instanceId, end: 'needs a person', said: words, ...kept });
  const instanceIds = [instanceId];
  if (finding === 'needs a person') return needsPerson(said);
  if (finding === 'passes') return well(`${instanceId} passes its status checks now (${said}).`);
  if (finding === 'unclear') {
    const { healthy: isWell } = await waits.awaitEc2InstancesHealthy({ instanceIds, ...limits });
    return isWell
      ? well(`${instanceId} is healthy again: its checks were not good (${said}) and are now.`)
      : needsPerson(`${instanceId} does not get well, and no check says that it is impaired.`);
  }
  // Asked before: a reboot that lies behind a run is in no journal.
  const isInJournal = patched('told-by-journal');
  let evidence: Evidence | undefined;
  const readFirst = async () => {
    evidence = await consoleOutputOf(instanceId);
  };
  const answer = await reboot(seen, incident, hand, patched('evidence-first') ? readFirst : undefined);
  const isMade = 'refusal' in answer ? answer.mayBeMade : answer.changed;
  if (isMade && evidence) {
    kept.keeping = keepEvidence(incident.id, [evidence], 'before its reboot');
    // The end of the run hears of it.
    kept.keeping.catch(() => {});
  }
  if ('refusal' in answer)
    return needsPerson(`${instanceId} fails its checks (${said}). Its reboot: ${answer.refusal}.`);
  const { requestedAt: at, changed } = answer;
  if (!changed)
    return well(
      `${instanceId} is healthy again: it failed its checks (${said}), and passed before a reboot.`,
    );
  const { healthy: isWell, failing } = await waits.awaitEc2InstancesHealthy({
    instanceIds,
    ...limits,
    since: at,
  });
  verified(isWell);
  if (!isWell) {
    const found = failing.map(({ check, status }) => `${check} ${status}`).join(', ');
    return needsPerson(`${instanceId} was rebooted at ${at} and is not healthy after it (${found}).`);
  }
  return {
    instanceId,
    end: 'well',
    rebootedAt: at,
    isInJournal,
    ...kept,
    said: `Rebooted ${instanceId} at ${at}; its status checks (system, instance, ebs) have been good for ${limits.stableForSeconds} s without a break.`,
  };
}

async function describe(instanceIds: string[]) {
  const [{ instances }, { statuses }] = await Promise.all([
    steps.listEc2Instances({ instanceIds }),
    steps.listEc2InstanceStatuses({ instanceIds }),
  ]);
  const [instance] = instances;
  const [status] = statuses;
  if (!instance || !status) throw new Error(`EC2 tells nothing of ${instanceIds.join(', ')}`);
  return { instance, status };
}

/** The status checks of an instance, as EC2 tells them. */
interface Checks {
  system: string;
  instance: string;
  ebs: string;
}

/** All checks are good; only the one for volumes need not apply. */
export const isHealthy = ({ system, instance, ebs }: Checks) =>
  system === 'ok' && instance === 'ok' && (ebs === 'ok' || ebs === 'not-applicable');

const inWords = ({ system, instance, ebs }: Checks) => `system ${system}, instance ${instance}, ebs ${ebs}`;

/** Tells what was done and checked, and resolves. Runs from before there was a journal send the change event, which holds up nothing. */
async function close(
  incident: CurrentIncident,
  rebooted: readonly { instanceId: string; rebootedAt: string; isInJournal?: boolean | undefined }[],
  lines: readonly string[],
) {
  const incidentId = incident.id;
  const { part, problems } = inParts();
  for (const { instanceId, rebootedAt } of rebooted.filter(({ isInJournal }) => !isInJournal))
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
  await note(incidentId, [...lines, ...problems.map((line) => `Not done: ${line}.`)].join('\n'));
  await steps.resolvePagerDutyIncident({ incidentId, evidence: lines.join(' ') });
}

const note = (incidentId: string, text: string) => steps.addPagerDutyNote({ incidentId, note: text });
