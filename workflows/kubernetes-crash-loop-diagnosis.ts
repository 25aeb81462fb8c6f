import { patched } from '@temporalio/workflow';
import { type KeptText, wholeKept } from '../domain/kept-text.ts';
import { steps } from './kit/activities.ts';
import { findRemedy, offer, offerLine } from './kit/crash-offer.ts';
import { findWorkloads, type NamingAlert } from './kit/kubernetes-names.ts';
import { crashingContainer, type FoundPods, findPods, type Owner, type Pod } from './kit/kubernetes-pods.ts';
import type { NamedWorkload } from './kit/kubernetes-words.ts';
import { failureOf, inParts, orUnavailable, type Unavailable } from './kit/parts.ts';
import { type CurrentIncident, known, type RelatedChange, readContext } from './kit/read-context.ts';
import { healthy } from './kit/run.ts';

export interface KubernetesCrashLoopDiagnosisInput {
  incidentId: string;
  /** How long all pods must stay ready after a roll-back or a restart, in seconds. */
  stableForSeconds?: number;
  /** How long it may take until then, in seconds. */
  timeoutSeconds?: number;
}

/** A group of alerts can name hundreds. What one deployment's pods die of is seen in a few. */
const maxLooks = 5;

/**
 * Gathers what a person would look up first about pods that keep crashing, and posts it to the war room, the issue and
 * the incident. Where a roll-back or a restart of the deployment may help it asks people whether it is to be made, in whatever mode it runs:
 * without them it changes nothing in the cluster. It resolves the incident once the pods have stayed ready after it.
 */
export async function kubernetesCrashLoopDiagnosis({
  incidentId,
  stableForSeconds = 120,
  timeoutSeconds = 900,
}: KubernetesCrashLoopDiagnosisInput): Promise<string> {
  const { incident, alerts, changes } = await readContext(incidentId);
  const { workloads, certain } = findWorkloads(incident.title, known(alerts));
  if (workloads.length === 0) {
    await note(
      incidentId,
      'Which pods crash is not said: neither an alert has the details namespace and pod or deployment, nor the title a ' +
        'namespace/name. Please add a note with them, so that the next person need not search.',
    );
    return 'does not know the workload';
  }
  const { found, missing } = await lookAt(workloads.slice(0, maxLooks));
  if (found.length === 0) {
    await note(incidentId, missing.join('\n'));
    return 'found no pods';
  }
  // Runs that began before there was one end with the diagnosis.
  const remedy =
    patched('offers-remedy') && isOneOwner(found) ? await findRemedy(incident, found[0]) : undefined;
  const diagnoses: Diagnosis[] = [];
  for (const [index, each] of found.entries()) {
    const ownerKnown = found.slice(0, index).some((other) => isSameOwner(other, each));
    diagnoses.push(await diagnose(each, ownerKnown));
  }
  const rest = workloads.slice(maxLooks).map(({ namespace, name }) => `${namespace}/${name}`);
  // A word of a title that the cluster does not know was no workload, and is nobody's business.
  const gaps = [...(certain ? missing : []), ...notLookedAt(rest), ...(remedy ? [offerLine(remedy)] : [])];
  await publish(incident, together(diagnoses, { gaps, changes: known(changes) }));
  if (!remedy || remedy.kind === 'none') return healthy('diagnosed');
  return offer(incident, remedy, { stableForSeconds, timeoutSeconds });
}

/** The first workload that alerts or title name. */
export function findWorkload(title: string, alerts: readonly NamingAlert[]) {
  const [first] = findWorkloads(title, alerts).workloads;
  return first && { namespace: first.namespace, name: first.name };
}

/** Pods that were found, and by what they were named. */
interface Found extends FoundPods {
  named: NamedWorkload;
}

/** One that cannot be read spoils none of the others. Where there is no other, that is the end of the run. */
async function lookAt(all: readonly NamedWorkload[]): Promise<{ found: Found[]; missing: string[] }> {
  const found: Found[] = [];
  const missing: string[] = [];
  const errors: unknown[] = [];
  for (const named of all)
    try {
      const pods = await findPods(named);
      if ('missing' in pods) missing.push(pods.missing);
      else if (!found.some(({ crashing }) => crashing.uid === pods.crashing.uid))
        found.push({ ...pods, named });
    } catch (error) {
      const failure = failureOf(error);
      if (!failure) throw error;
      errors.push(error);
      missing.push(`${named.namespace}/${named.name}: not read (${failure.message})`);
    }
  if (found.length === 0 && errors.length > 0) throw errors[0];
  return { found, missing };
}

const isSameOwner = (one: Found, other: Found) =>
  one.owner !== undefined &&
  one.named.namespace === other.named.namespace &&
  one.owner.kind === other.owner?.kind &&
  one.owner.name === other.owner.name;

/** Where several crash people look at them themselves. */
const isOneOwner = ([first, ...others]: readonly Found[]) =>
  first !== undefined && others.every((other) => isSameOwner(first, other));

const notLookedAt = (names: readonly string[]) =>
  names.length === 0
    ? []
    : [
        `Named too and not looked at: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ` and ${names.length - 20} more` : ''}`,
      ];

/** What is posted: in short, line by line, and the log of the container that crashes. */
export interface Diagnosis {
  headline: string;
  lines: string[];
  log: string;
}

/** What is the same for all pods of an owner is told once: `ownerKnown`. */
async function diagnose(found: Found, ownerKnown: boolean): Promise<Diagnosis> {
  const { crashing, owner, named, gap } = found;
  const { namespace } = named;
  const container = crashingContainer(crashing, named.container);
  const rolled = ownerKnown ? undefined : rolledOut(owner);
  const [log, warnings, rollout, revisions] = await Promise.all([
    readLog(namespace, crashing.name, container?.name),
    orUnavailable(() =>
      steps.listKubernetesEvents({ namespace, of: { kind: 'Pod', name: crashing.name }, type: 'Warning' }),
    ),
    rolled ? orUnavailable(() => steps.readKubernetesRollout({ namespace, ...rolled })) : undefined,
    rolled ? orUnavailable(() => steps.listKubernetesRevisions({ namespace, ...rolled })) : undefined,
  ]);
  return {
    headline: headlineOf(namespace, found, named.container),
    lines: [
      ...(ownerKnown ? [podLine(crashing)] : podLines(found)),
      ...(gap === undefined ? [] : [gap]),
      ...listed('Warnings', warnings, ({ events }) => events.slice(0, 5).map(eventLine)),
      ...(rollout ? listed('Rollout', rollout, ({ reason }) => [reason]) : []),
      ...(revisions
        ? listed('Revisions', revisions, (list) => list.revisions.slice(0, 3).map(revisionLine))
        : []),
      ...log.lines,
    ],
    log: log.text,
  };
}

/** The log of the container before its last restart, else the present one: a first crash has no earlier container. */
async function readLog(
  namespace: string,
  pod: string,
  container: string | undefined,
): Promise<{ text: string; lines: string[] }> {
  const asked = { namespace, pod, ...(container === undefined ? {} : { container }) };
  const earlier = await orUnavailable(() => steps.readKubernetesPodLogs({ ...asked, previous: true }));
  const of = container === undefined ? '' : ` of container ${container}`;
  if ('text' in earlier && earlier.unavailable === undefined && earlier.text.trim() !== '')
    return {
      text: earlier.text,
      lines: [`Log: what was written${of} before its last restart`, ...whole(earlier.kept)],
    };
  const why = earlier.unavailable ?? 'it is empty';
  const present = await orUnavailable(() => steps.readKubernetesPodLogs({ ...asked, previous: false }));
  if ('text' in present && present.unavailable === undefined && present.text.trim() !== '')
    return {
      text: present.text,
      lines: [`Log: the present one${of}; no earlier log: ${why}`, ...whole(present.kept)],
    };
  const now = present.unavailable ?? 'it is empty';
  return { text: '', lines: [`No earlier log${of}: ${why}`, `No present log${of}: ${now}`] };
}

const whole = (kept: KeptText | undefined) => (kept ? [wholeKept(kept)] : []);

/** The owner in the terms of the activities that read rollouts, which jobs have none of. */
function rolledOut(owner: Owner | undefined) {
  switch (owner?.kind) {
    case 'Deployment':
      return { deployment: owner.name };
    case 'StatefulSet':
      return { statefulSet: owner.name };
    case 'DaemonSet':
      return { daemonSet: owner.name };
    default:
      return undefined;
  }
}

export function headlineOf(
  namespace: string,
  { pods, crashing, owner, truncated }: FoundPods,
  named?: string,
): string {
  const ready = pods.filter((pod) => pod.ready).length;
  const container = crashingContainer(crashing, named);
  const end = container?.lastState;
  const which = crashing.containers.length > 1 && container ? ` container ${container.name}` : ' container';
  const how = end
    ? ` Its${which} ended last with exit code ${end.exitCode}${end.reason ? ` (${end.reason})` : ''}.`
    : '';
  const all = truncated ? `the first ${pods.length} pods that could be read` : `${pods.length} pods`;
  return (
    `${namespace}/${owner?.name ?? crashing.name}: ${ready} of ${all} ready. ` +
    `${crashing.name} has restarted ${crashing.restarts} times.${how}`
  );
}

function podLines({ pods, crashing }: FoundPods): string[] {
  const others = pods.filter(({ name }) => name !== crashing.name);
  const unready = others.toSorted((one, other) => Number(one.ready) - Number(other.ready));
  const shown = [crashing, ...unready].slice(0, 10);
  const rest = pods.length - shown.length;
  return [...shown.map(podLine), ...(rest > 0 ? [`… and ${rest} more pods`] : [])];
}

function podLine({ name, phase, ready, restarts, containers, node }: Pod): string {
  const waiting =
    containers.find((container) => container.waiting === 'CrashLoopBackOff')?.waiting ??
    containers.find((container) => container.waiting)?.waiting;
  const state = ready ? 'ready' : (waiting ?? `${phase}, not ready`);
  return `Pod ${name}: ${state}, ${restarts} restarts${node ? `, on ${node}` : ''}`;
}

type Events = Awaited<ReturnType<typeof steps.listKubernetesEvents>>['events'];
const eventLine = ({ reason, message, count }: Events[number]) => `${reason} (${count} times): ${message}`;

type Revisions = Awaited<ReturnType<typeof steps.listKubernetesRevisions>>['revisions'];
const revisionLine = ({ revision, images, createdAt }: Revisions[number]) =>
  `${revision}${createdAt ? ` of ${createdAt}` : ''}: ${images.join(', ')}`;

/** A line for each, or one that says why there are none. */
function listed<Result extends object>(
  what: string,
  result: Result | Unavailable,
  lines: (result: Result) => string[],
): string[] {
  if ('unavailable' in result) return [`${what}: not read (${result.unavailable})`];
  return lines(result).map((line) => `${what}: ${line}`);
}

/** Several diagnoses as one. Jira takes 30 000 characters of code; a program says last what it died of. */
function together(
  all: readonly Diagnosis[],
  { gaps, changes }: { gaps: readonly string[]; changes: readonly RelatedChange[] },
): Diagnosis {
  const headlines = all.map(({ headline }) => headline);
  const share = Math.floor(20_000 / Math.max(all.length, 1));
  const logs = all.flatMap(({ headline, log }) => {
    if (log.trim() === '') return [];
    return [all.length === 1 ? log.slice(-share) : `# ${headline}\n${log.slice(-share)}`];
  });
  const several = all.length > 1 ? [`The alert names several; ${all.length} were looked at.`] : [];
  return {
    headline: [...several, ...headlines, ...gaps].join('\n'),
    lines: [
      ...all.flatMap(({ headline, lines }) => (all.length === 1 ? lines : [headline, ...lines])),
      ...changes.slice(0, 5).map(({ at, summary }) => `Change${at ? ` at ${at}` : ''}: ${summary}`),
    ],
    log: logs.join('\n'),
  };
}

/** A place that fails is named in the note, which comes last, and keeps no other from its part. */
async function publish(incident: CurrentIncident, { headline, lines, log }: Diagnosis): Promise<void> {
  const { id: incidentId, number, title } = incident;
  const { part, problem, problems } = inParts();
  const text = `${headline}\n${lines.join('\n')}`;
  const code = log.trim() === '' ? {} : { code: log };
  const links = incident.url ? [{ text: `Incident #${number}`, url: incident.url }] : [];

  const room = await part('War room', async () => {
    const opened = await steps.openSlackWarRoom({ incidentId, number, title });
    await steps.postSlackMessage({ channelId: opened.channelId, text, ...code });
    return opened;
  });
  const issue = await part('Jira issue', async () => {
    const summary = title.trim() || `Incident ${number}`;
    const opened = await steps.createJiraIssue({ incidentId, summary, links });
    for (const left of opened.leftOut) problem(`Jira issue ${opened.key}, ${left}`);
    await steps.addJiraComment({ key: opened.key, text, ...code });
    return opened;
  });

  const where = [room?.url, issue?.url].filter((url) => url !== undefined);
  await note(
    incidentId,
    [
      headline,
      ...(where.length > 0 ? [`All of it, with the log: ${where.join(' and ')}`] : lines),
      ...problems.map((problem) => `Not done: ${problem}`),
    ].join('\n'),
  );
}

const note = (incidentId: string, text: string) =>
  steps.addPagerDutyNote({ incidentId, note: text.slice(0, 10_000) });
