import { sleep } from '@temporalio/workflow';
import { steps } from './kit/activities.ts';
import { inParts, orUnavailable, type Unavailable } from './kit/parts.ts';
import {
  type Alert,
  type CurrentIncident,
  known,
  type RelatedChange,
  readContext,
} from './kit/read-context.ts';
import { healthy } from './kit/run.ts';

export interface KubernetesCrashLoopDiagnosisInput {
  incidentId: string;
}

/**
 * Gathers what a person would look up first about a pod that keeps crashing, and posts it to the war room, the issue and
 * the incident. It changes nothing in the cluster.
 */
export async function kubernetesCrashLoopDiagnosis({
  incidentId,
}: KubernetesCrashLoopDiagnosisInput): Promise<string> {
  const { incident, alerts, changes } = await readContext(incidentId);
  const named = findWorkload(incident.title, known(alerts));
  if (!named) {
    await note(
      incidentId,
      'Which pods crash is not said: neither an alert has the details namespace and pod or deployment, nor the title a ' +
        'namespace/name. Please add a note with them, so that the next person need not search.',
    );
    return 'does not know the workload';
  }
  const found = podsOf(named.name, (await steps.listKubernetesPods({ namespace: named.namespace })).pods);
  if (!found) {
    await note(incidentId, `There are no pods of ${named.namespace}/${named.name} in the cluster now.`);
    return 'found no pods';
  }
  const diagnosis = await diagnose(named.namespace, found, known(changes));
  await publish(incident, diagnosis);
  return healthy('diagnosed');
}

/** A pod, or the deployment that it belongs to. */
export interface NamedWorkload {
  namespace: string;
  name: string;
}

/** What the details of an alert name (`namespace`, and `pod` or `deployment`), else the first `namespace/name` in the title. */
export function findWorkload(title: string, alerts: readonly Alert[]): NamedWorkload | undefined {
  for (const { details } of alerts) {
    const { namespace, pod, deployment } = details;
    const name = [pod, deployment].find(isObjectName);
    if (isNamespace(namespace) && name !== undefined) return { namespace, name };
  }
  for (const word of title.split(/[\s"'`()[\]{}<>,;:=]+/)) {
    const [namespace, name, ...rest] = word.replace(/[.!?]+$/, '').split('/');
    if (!isNamespace(namespace) || !isObjectName(name) || rest.length > 0) continue;
    // 3/5 is a count, and pod/checkout says what checkout is and not where.
    const saysWhere = /[a-z]/.test(namespace) && /[a-z]/.test(name) && !kinds.has(namespace);
    if (saysWhere) return { namespace, name };
  }
  return undefined;
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const isNamespace = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(value);
const isObjectName = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= 253 && /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(value);

const kinds = new Set(['pod', 'pods', 'deploy', 'deployment', 'deployments', 'statefulset', 'daemonset']);

type Pod = Awaited<ReturnType<typeof steps.listKubernetesPods>>['pods'][number];

export interface FoundPods {
  pods: Pod[];
  crashing: Pod;
  /** What makes the pods, in the terms of the activities; undefined for a pod that stands alone. */
  owner?: Owner;
}

/** One of the three. */
export type Owner = { deployment: string } | { statefulSet: string } | { daemonSet: string };

/** The pods of a workload and the worst of them. A pod that is named and gone stands for those that replaced it. */
export function podsOf(name: string, all: readonly Pod[]): FoundPods | undefined {
  const self = all.find((pod) => pod.name === name);
  const ownName = self ? nameOf(ownerOf(self)) : name;
  const replaced = [name.replace(/-[^-]+-[^-]+$/, ''), name.replace(/-[^-]+$/, '')];
  const ofOwner = (wanted: string | undefined) =>
    wanted === undefined ? [] : all.filter((pod) => nameOf(ownerOf(pod)) === wanted);
  const groups = [ofOwner(ownName), self ? [self] : [], ...replaced.map(ofOwner)];
  const pods = groups.find((group) => group.length > 0) ?? [];
  const crashing = self ?? pods.toSorted((one, other) => other.restarts - one.restarts)[0];
  if (!crashing) return undefined;
  const owner = ownerOf(crashing);
  return { pods, crashing, ...(owner ? { owner } : {}) };
}

/** A deployment owns its pods through a replica set, whose name is the deployment's and a hash. */
function ownerOf({ owner }: Pod): Owner | undefined {
  if (owner?.kind === 'ReplicaSet') return { deployment: owner.name.replace(/-[^-]+$/, '') };
  if (owner?.kind === 'StatefulSet') return { statefulSet: owner.name };
  if (owner?.kind === 'DaemonSet') return { daemonSet: owner.name };
  return undefined;
}

const nameOf = (owner: Owner | undefined) => (owner ? Object.values(owner)[0] : undefined);

/** What is posted: in short, line by line, and the log of the container before its last restart. */
export interface Diagnosis {
  headline: string;
  lines: string[];
  log: string;
}

async function diagnose(namespace: string, found: FoundPods, changes: RelatedChange[]): Promise<Diagnosis> {
  const { crashing, owner } = found;
  const container = crashingContainer(crashing);
  const [logs, warnings, rollout, revisions] = await Promise.all([
    orUnavailable(() =>
      steps.readKubernetesPodLogs({
        namespace,
        pod: crashing.name,
        previous: true,
        ...(container ? { container: container.name } : {}),
      }),
    ),
    orUnavailable(() =>
      steps.listKubernetesEvents({ namespace, of: { kind: 'Pod', name: crashing.name }, type: 'Warning' }),
    ),
    owner ? orUnavailable(() => steps.readKubernetesRollout({ namespace, ...owner })) : undefined,
    owner ? orUnavailable(() => steps.listKubernetesRevisions({ namespace, ...owner })) : undefined,
  ]);
  const logGap = logs.unavailable === undefined ? [] : [`No earlier log: ${logs.unavailable}`];
  return {
    headline: headlineOf(namespace, found),
    lines: [
      ...found.pods.slice(0, 10).map(podLine),
      ...listed('Warnings', warnings, ({ events }) => events.slice(0, 5).map(eventLine)),
      ...(rollout ? listed('Rollout', rollout, ({ reason }) => [reason]) : []),
      ...(revisions
        ? listed('Revisions', revisions, (list) => list.revisions.slice(0, 3).map(revisionLine))
        : []),
      ...changes.slice(0, 5).map(({ at, summary }) => `Change${at ? ` at ${at}` : ''}: ${summary}`),
      ...logGap,
    ],
    log: 'text' in logs ? lastCharacters(logs.text) : '',
  };
}

/** The container that crashes: not ready, restarted most often. */
export const crashingContainer = ({ containers }: Pod) =>
  containers.toSorted(
    (one, other) => Number(one.ready) - Number(other.ready) || other.restarts - one.restarts,
  )[0];

export function headlineOf(namespace: string, { pods, crashing, owner }: FoundPods): string {
  const ready = pods.filter((pod) => pod.ready).length;
  const container = crashingContainer(crashing);
  const end = container?.lastState ?? crashing.lastState;
  const how = end
    ? ` Its container ended last with exit code ${end.exitCode}${end.reason ? ` (${end.reason})` : ''}.`
    : '';
  return (
    `${namespace}/${nameOf(owner) ?? crashing.name}: ${ready} of ${pods.length} pods ready. ` +
    `${crashing.name} has restarted ${crashing.restarts} times.${how}`
  );
}

function podLine({ name, phase, ready, restarts, containers, node }: Pod): string {
  const waiting = containers.find((container) => container.waiting)?.waiting;
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

/** Jira takes 30 000 characters of code; a program says last what it died of. */
const lastCharacters = (text: string) => text.slice(-20_000);

/** A place that fails is named in the note, which comes last, and keeps no other from its part. */
async function publish(incident: CurrentIncident, { headline, lines, log }: Diagnosis): Promise<void> {
  const { id: incidentId, number, title } = incident;
  const { part, problems } = inParts();
  const text = `${headline}\n${lines.join('\n')}`;
  const code = log.trim() === '' ? {} : { code: log };
  const links = incident.url ? [{ text: `Incident #${number}`, url: incident.url }] : [];

  const room = await part('War room', async () => {
    const opened = await steps.openSlackWarRoom({ incidentId, number, title });
    await steps.postSlackMessage({ channelId: opened.channelId, text, ...code });
    return opened;
  });
  const issue = await part('Jira issue', async () => {
    // Another run may just have made the issue, and Jira's search finds a new one only after some seconds.
    await sleep(searchLag);
    const opened = await steps.createJiraIssue({ incidentId, summary: title || `Incident ${number}`, links });
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

const searchLag = '5 seconds';

const note = (incidentId: string, text: string) =>
  steps.addPagerDutyNote({ incidentId, note: text.slice(0, 10_000) });
