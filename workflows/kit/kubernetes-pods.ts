import { steps } from './activities.ts';
import { isWorkloadKind, type NamedWorkload, type WorkloadKind, workloadKinds } from './kubernetes-words.ts';
import { orUnavailable } from './parts.ts';

export type Pod = Awaited<ReturnType<typeof steps.listKubernetesPods>>['pods'][number];
type Container = Pod['containers'][number];

/** What makes the pods. */
export interface Owner {
  kind: WorkloadKind;
  name: string;
}

export interface FoundPods {
  pods: Pod[];
  crashing: Pod;
  /** Undefined for a pod that stands alone, or that something unknown makes. */
  owner?: Owner;
  /** There are more pods than could be read. */
  truncated?: boolean;
  /** What could not be read, and why. */
  gap?: string;
}

/** Why there are no pods to look at. */
export interface Missing {
  missing: string;
}

/**
 * Asks the cluster for the pod by its name, then for its owner, then for the pods by the owner's selector: a namespace can hold
 * thousands. Only where nothing is called so, and for a cron job, are all pods of the namespace read, for owners that only a pod knows.
 */
export async function findPods(named: NamedWorkload): Promise<FoundPods | Missing> {
  const { namespace, name, kind } = named;
  if (kind === 'CronJob') return amongAll(named);
  const isPod = kind === undefined || kind === 'Pod';
  const self = isPod ? (await steps.listKubernetesPods({ namespace, name })).pods[0] : undefined;
  if (self) return withSiblings(namespace, self);
  const { workload } = await steps.findKubernetesWorkload({ namespace, candidates: candidatesFor(named) });
  if (!workload) return amongAll(named);
  const { pods, truncated } = await steps.listKubernetesPods({ namespace, selector: workload.selector });
  const owner = { kind: workload.kind, name: workload.name };
  const found = foundPods(ownOf(pods, owner), { owner, truncated });
  return found ?? { missing: `${kindWord(owner)} ${namespace}/${owner.name} has no pods now.` };
}

async function withSiblings(namespace: string, self: Pod): Promise<FoundPods> {
  const owner = ownerOf(self);
  if (!owner) return { pods: [self], crashing: self };
  const siblings = await orUnavailable(async () => {
    const { workload } = await steps.findKubernetesWorkload({ namespace, candidates: [owner] });
    // A replica set may belong to something else than a deployment; its pods carry its hash all the same.
    const selector = workload?.selector ?? `pod-template-hash=${self.owner?.name.split('-').at(-1)}`;
    return steps.listKubernetesPods({ namespace, selector });
  });
  if ('unavailable' in siblings)
    return { pods: [self], crashing: self, owner, gap: `Its other pods: not read (${siblings.unavailable})` };
  const others = siblings.pods.filter((pod) => pod.name !== self.name && isOwn(pod, owner));
  return { pods: [self, ...others], crashing: self, owner, truncated: siblings.truncated };
}

async function amongAll({ namespace, name }: NamedWorkload): Promise<FoundPods | Missing> {
  const { pods, truncated } = await steps.listKubernetesPods({ namespace });
  const found = podsOf(name, pods);
  if (found) return { ...found, truncated };
  const missing = truncated
    ? `No pods of ${namespace}/${name} are among the first ${pods.length} pods of ${namespace} that could be read. There are more, so please look there.`
    : `There are no pods of ${namespace}/${name} in the cluster now.`;
  return { missing };
}

/** What may be meant by a name, and what may have made a pod of this name that is gone. */
function candidatesFor({ name, kind, owner }: NamedWorkload): Owner[] {
  const isMaker = isWorkloadKind(kind);
  const kinds = isMaker ? [kind] : workloadKinds;
  const own = kinds.map((each) => ({ kind: each, name }));
  return [...(owner ? [owner] : []), ...own, ...(isMaker ? [] : makersOf(name))];
}

/** A deployment's pods are named by a hash and five characters, a stateful set's by a number, others' by five characters. */
function makersOf(pod: string): Owner[] {
  const deployment = before(pod, /-(?=[a-z]*[0-9])[a-z0-9]{5,10}-[a-z0-9]{5}$/);
  const statefulSet = before(pod, /-[0-9]{1,5}$/);
  const other = before(pod, /-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  return [
    ...deployment.map((name) => ({ kind: 'Deployment' as const, name })),
    ...statefulSet.map((name) => ({ kind: 'StatefulSet' as const, name })),
    ...other.flatMap((name) => (['DaemonSet', 'Job'] as const).map((kind) => ({ kind, name }))),
  ];
}

function before(name: string, suffix: RegExp): string[] {
  const at = name.search(suffix);
  return at > 0 ? [name.slice(0, at)] : [];
}

/** The pods of a workload and the worst of them. A pod that is named and gone stands for those that replaced it. */
export function podsOf(name: string, all: readonly Pod[]): FoundPods | undefined {
  const self = all.find((pod) => pod.name === name);
  const ownName = self ? ownerOf(self)?.name : name;
  const ofOwner = (wanted: string | undefined) =>
    wanted === undefined ? [] : all.filter((pod) => (ownerOf(pod) ?? pod.owner)?.name === wanted);
  const replaced = makersOf(name).map((maker) => ofOwner(maker.name));
  const ofCronJob = all.filter((pod) => cronJobOf(pod) === name);
  const groups = [ofOwner(ownName), self ? [self] : [], ...replaced, ofCronJob];
  const pods = groups.find((group) => group.length > 0) ?? [];
  const crashing = self ?? worst(pods);
  const owner = crashing && ownerOf(crashing);
  return crashing && { pods, crashing, ...(owner ? { owner } : {}) };
}

function foundPods(pods: Pod[], more: Pick<FoundPods, 'owner' | 'truncated'>): FoundPods | undefined {
  const crashing = worst(pods);
  return crashing && { pods, crashing, ...more };
}

/** In a crash loop now, else restarted most often. */
export function worst(pods: readonly Pod[]): Pod | undefined {
  const isLooping = ({ containers }: Pod) =>
    Number(containers.some(({ waiting }) => waiting === 'CrashLoopBackOff'));
  return pods.toSorted((one, other) => isLooping(other) - isLooping(one) || other.restarts - one.restarts)[0];
}

/** A deployment owns its pods through a replica set, whose name is the deployment's and a hash. */
function ownerOf({ owner }: Pod): Owner | undefined {
  switch (owner?.kind) {
    case 'ReplicaSet':
      return { kind: 'Deployment', name: owner.name.replace(/-[^-]+$/, '') };
    case 'StatefulSet':
    case 'DaemonSet':
    case 'Job':
      return { kind: owner.kind, name: owner.name };
    default:
      return undefined;
  }
}

/** A cron job names its jobs by itself and the minute. */
const cronJobOf = ({ owner }: Pod) =>
  owner?.kind === 'Job' && /-\d{8,10}$/.test(owner.name) ? owner.name.replace(/-\d{8,10}$/, '') : undefined;

const isOwn = (pod: Pod, { name, kind }: Owner) => {
  const owner = ownerOf(pod);
  return owner?.name === name && owner.kind === kind;
};
const ownOf = (pods: readonly Pod[], owner: Owner) => pods.filter((pod) => isOwn(pod, owner));

const words = { Deployment: 'Deployment', StatefulSet: 'Stateful set', DaemonSet: 'Daemon set', Job: 'Job' };
const kindWord = ({ kind }: Owner) => words[kind];

/**
 * The container that crashes: in a crash loop, else ended with an error, else not ready; among equals the one that the alert
 * names, then the one restarted most often. Containers that prepare the pod count like all others.
 */
export const crashingContainer = ({ containers }: Pod, named?: string) =>
  containers.toSorted(
    (one, other) =>
      calmness(one) - calmness(other) ||
      Number(other.name === named) - Number(one.name === named) ||
      other.restarts - one.restarts,
  )[0];

function calmness({ ready, restarts, waiting, lastState }: Container): number {
  if (waiting === 'CrashLoopBackOff') return 0;
  const failed = (lastState?.exitCode ?? 0) !== 0;
  if (failed) return ready ? 2 : 1;
  if (!ready && restarts > 0) return 1;
  return ready ? 4 : 3;
}
