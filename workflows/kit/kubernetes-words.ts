import { plainName } from './label-texts.ts';

export const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'] as const;
export type WorkloadKind = (typeof workloadKinds)[number];

/** What an alert or a title names: a pod, or what makes pods. */
export interface NamedWorkload {
  namespace: string;
  name: string;
  /** Undefined where only a name is said. */
  kind?: 'Pod' | 'CronJob' | WorkloadKind;
  /** The container that crashes, where that is said. */
  container?: string;
  /** What makes the pod, where that is said too: the pod may be gone. */
  owner?: { kind: WorkloadKind; name: string };
}

export const isWorkloadKind = (kind: NamedWorkload['kind']): kind is WorkloadKind =>
  workloadKinds.some((each) => each === kind);

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
export const isNamespace = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(value);
export const isObjectName = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length <= 253 &&
  value.split('.').every((part) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(part));

type SaidKind = NonNullable<NamedWorkload['kind']> | 'ReplicaSet';
const kinds = new Map<string, SaidKind>([
  ['pod', 'Pod'],
  ['po', 'Pod'],
  ['deploy', 'Deployment'],
  ['deployment', 'Deployment'],
  ['statefulset', 'StatefulSet'],
  ['sts', 'StatefulSet'],
  ['daemonset', 'DaemonSet'],
  ['ds', 'DaemonSet'],
  ['replicaset', 'ReplicaSet'],
  ['rs', 'ReplicaSet'],
  ['cronjob', 'CronJob'],
  ['job', 'Job'],
]);

/** `Deployment`, `deploy`, `pods`, `kube_deployment`, `PodName`. */
export const kindOf = (word: unknown): SaidKind | undefined =>
  typeof word !== 'string' || word.length > 40
    ? undefined
    : kinds.get(
        plainName(word)
          .replace(/^(?:kube|k8s|kubernetes)/, '')
          .replace(/name$/, ''),
      );

export const isNamespaceWord = (word: string): boolean =>
  word.length <= 40 && /^(?:kube|k8s|kubernetes)?(?:namespace|ns)(?:name)?$/.test(plainName(word));

/** One object, as far as a word names it. */
export type Reference = Pick<NamedWorkload, 'kind' | 'name'> & { namespace?: string };

/** A replica set is named by its deployment and a hash. */
export const referenceTo = (kind: SaidKind | undefined, name: string): Reference =>
  kind === 'ReplicaSet'
    ? { kind: 'Deployment', name: name.replace(/-[^-]+$/, '') }
    : { ...(kind === undefined ? {} : { kind }), name };

/** `orders-db-0`, `pod/orders-db-0`, `shop/orders-db-0`, `Pod/shop/orders-db-0`, `namespaces/shop/pods/orders-db-0`. */
export function readReference(word: string): Reference | undefined {
  const parts = word.split('/');
  const name = parts.pop();
  if (!isObjectName(name) || parts.length > 3) return undefined;
  const kind = parts.map(kindOf).find((each) => each !== undefined);
  const [namespace, ...more] = parts.filter((part) => !kindOf(part) && !isNamespaceWord(part));
  if (more.length > 0 || (namespace !== undefined && !isNamespace(namespace))) return undefined;
  return { ...referenceTo(kind, name), ...(namespace === undefined ? {} : { namespace }) };
}

/** `checkout-7d9f8c6b5-x2x4q`: a replica set's hash and five characters. */
export const isReplicaPod = (word: string) =>
  /^[a-z][-a-z0-9]*-(?=[a-z]*[0-9])[a-z0-9]{5,10}-[a-z0-9]{5}$/.test(word);

/** What follows "pod" or stands before "namespace" and is a word of the language. */
export const prose = new Set(
  (
    'a an and are as at back be by can container containers crash crashed crashing crashloop crashlooping crashes does ' +
    'down error failed failing failure for from had has have if in into is it its keeps loop looping many more named no not ' +
    'of off on one or pod pods ready restart restarted restarting restarts running same several some stuck that the this to ' +
    'unhealthy was were which with alert alerts check checks count health issue issues monitor phase problem problems rollout ' +
    'state status'
  ).split(' '),
);

export function distinct(all: readonly NamedWorkload[]): NamedWorkload[] {
  const byName = new Map<string, NamedWorkload>();
  for (const each of all) {
    const key = `${each.namespace}/${each.name}`;
    if (!byName.has(key)) byName.set(key, each);
  }
  return [...byName.values()];
}
