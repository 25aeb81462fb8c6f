import { isDeepStrictEqual } from 'node:util';
import {
  isOwnedBy,
  type KubernetesWorld,
  newMetadata,
  ownerReference,
  type ReplicaSet,
  type Template,
  templateHash,
  type Workload,
} from './world.ts';

const revisionNumber = 'deployment.kubernetes.io/revision';
const hashLabel = 'pod-template-hash';

/** What stands for a workload's template: its number, and the owner and label of its pods. */
export interface Revision {
  name: string;
  number: number;
  podLabels: Record<string, string>;
}

/** The revision of the present template; made where the template is new, and numbered anew where it is an old one. */
export function presentRevision(world: KubernetesWorld, workload: Workload): Revision {
  return workload.kind === 'Deployment'
    ? replicaSetOf(world, workload)
    : controllerRevisionOf(world, workload);
}

/** Deployments keep their revisions in replica sets. */
function replicaSetOf(world: KubernetesWorld, workload: Workload): Revision {
  const { metadata, spec } = workload;
  const own = world.replicasets.filter(isOwnedBy(workload));
  const newest = Math.max(0, ...own.map(revisionOf));
  const same = own.find((set) => isDeepStrictEqual(withoutHash(set.spec.template), spec.template));
  const set = same ?? addReplicaSet(world, workload);
  const number = same && revisionOf(same) === newest ? newest : newest + 1;
  for (const each of own) each.spec.replicas = 0;
  set.spec.replicas = spec.replicas ?? 1;
  set.metadata.annotations = { ...set.metadata.annotations, [revisionNumber]: `${number}` };
  metadata.annotations = { ...metadata.annotations, [revisionNumber]: `${number}` };
  return { name: set.metadata.name, number, podLabels: set.spec.template.metadata.labels };
}

const revisionOf = ({ metadata }: ReplicaSet) => Number(metadata.annotations?.[revisionNumber] ?? 0);

function withoutHash({ metadata, spec }: Template): Template {
  const labels = Object.entries(metadata.labels).filter(([name]) => name !== hashLabel);
  return { metadata: { ...metadata, labels: Object.fromEntries(labels) }, spec };
}

function addReplicaSet(world: KubernetesWorld, workload: Workload): ReplicaSet {
  const { metadata, spec } = workload;
  const hash = templateHash(spec.template);
  const labels = { ...spec.template.metadata.labels, [hashLabel]: hash };
  const own = { namespace: metadata.namespace ?? '', labels, ownerReferences: [ownerReference(workload)] };
  const set: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: newMetadata(world, `${metadata.name}-${hash}`, own),
    spec: {
      replicas: 0,
      selector: { matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash } },
      template: { ...structuredClone(spec.template), metadata: { ...spec.template.metadata, labels } },
    },
  };
  world.replicasets.push(set);
  return set;
}

/** Stateful sets and daemon sets keep theirs in controller revisions. */
function controllerRevisionOf(world: KubernetesWorld, workload: Workload): Revision {
  const { metadata, spec } = workload;
  const hash = templateHash(spec.template);
  const own = world.controllerrevisions.filter(isOwnedBy(workload));
  const newest = Math.max(0, ...own.map(({ revision }) => revision));
  const name = `${metadata.name}-${hash}`;
  const podLabels = { ...spec.template.metadata.labels, 'controller-revision-hash': name };
  const same = own.find((revision) => revision.metadata.name === name);
  if (same && same.revision < newest) same.revision = newest + 1;
  if (!same)
    world.controllerrevisions.push({
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: newMetadata(world, name, {
        namespace: metadata.namespace ?? '',
        labels: podLabels,
        ownerReferences: [ownerReference(workload)],
      }),
      data: { spec: { template: structuredClone(spec.template) } },
      revision: newest + 1,
    });
  return { name, number: same?.revision ?? newest + 1, podLabels };
}
