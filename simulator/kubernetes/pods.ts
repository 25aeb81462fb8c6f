import { randomInt } from 'node:crypto';
import type { Revision } from './revisions.ts';
import {
  type ClusterEvent,
  type Condition,
  type KubernetesWorld,
  newMetadata,
  ownerReference,
  type Pod,
  timestamp,
  type Workload,
} from './world.ts';

const letters = 'bcdfghjklmnpqrstvwxz2456789';
const suffix = () => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');

const readyCondition = (ready: boolean): Condition => ({
  type: 'Ready',
  status: ready ? 'True' : 'False',
  reason: ready ? '' : 'ContainersNotReady',
  message: '',
  lastTransitionTime: timestamp(new Date()),
});

/** A pod of this revision whose containers have not started yet. */
export function addPod(world: KubernetesWorld, workload: Workload, revision: Revision): Pod {
  const { namespace = '' } = workload.metadata;
  const owner =
    workload.kind === 'Deployment'
      ? world.replicasets.find(
          (set) => set.metadata.name === revision.name && set.metadata.namespace === namespace,
        )
      : workload;
  const containers = structuredClone(workload.spec.template.spec.containers);
  const nodes = world.nodes.filter(({ spec }) => !spec.unschedulable);
  const node = nodes[world.pods.length % Math.max(nodes.length, 1)] ?? world.nodes[0];
  const startedAt = timestamp(new Date());
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: newMetadata(world, podName(world, workload, revision), {
      namespace,
      labels: revision.podLabels,
      ownerReferences: [ownerReference(owner ?? workload)],
    }),
    spec: { nodeName: node?.metadata.name ?? '', containers },
    status: {
      phase: 'Pending',
      startTime: startedAt,
      conditions: [readyCondition(false)],
      containerStatuses: containers.map(({ name, image }) => ({
        name,
        image,
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: 'ContainerCreating' } },
        lastState: {},
      })),
    },
  };
  world.pods.push(pod);
  return pod;
}

/** Stateful sets number their pods; all others are named at random. */
function podName(world: KubernetesWorld, { kind, metadata }: Workload, revision: Revision): string {
  if (kind === 'Deployment') return `${revision.name}-${suffix()}`;
  if (kind === 'DaemonSet') return `${metadata.name}-${suffix()}`;
  const taken = new Set(world.pods.map(({ metadata: { name } }) => name));
  let ordinal = 0;
  while (taken.has(`${metadata.name}-${ordinal}`)) ordinal += 1;
  return `${metadata.name}-${ordinal}`;
}

/** Its containers run and are ready. */
export function startPod(world: KubernetesWorld, pod: Pod): void {
  const startedAt = timestamp(new Date());
  pod.status.phase = 'Running';
  pod.status.conditions = [readyCondition(true)];
  for (const container of pod.status.containerStatuses) {
    container.ready = true;
    container.state = { running: { startedAt } };
    world.logs[logKey(pod, container.name)] = { current: `${startedAt} listening on :8080\n` };
  }
}

const lastWords = (app: string) => [
  `starting ${app}`,
  'connecting to payments.shop.svc:5432',
  'fatal: connection refused: payments.shop.svc:5432',
];

/** Its first container has ended with an error and waits to be started once more, for the fourth time. */
export function crashPod(world: KubernetesWorld, pod: Pod): void {
  const at = timestamp(new Date());
  const [container] = pod.status.containerStatuses;
  if (!container) return;
  const { name } = container;
  const message = `back-off 1m20s restarting failed container=${name} pod=${pod.metadata.name}`;
  pod.status.phase = 'Running';
  pod.status.conditions = [readyCondition(false)];
  container.ready = false;
  container.restartCount += 4;
  container.state = { waiting: { reason: 'CrashLoopBackOff', message } };
  container.lastState = { terminated: { reason: 'Error', exitCode: 1, startedAt: at, finishedAt: at } };
  const text = lastWords(pod.metadata.labels?.app ?? name)
    .map((line) => `${at} ${line}\n`)
    .join('');
  world.logs[logKey(pod, name)] = { current: text, previous: text };
  addEvent(world, pod, { type: 'Warning', reason: 'BackOff', message, count: 12 });
  addEvent(world, pod, {
    type: 'Normal',
    reason: 'Pulled',
    message: `Container image "${container.image}" already present on machine`,
    count: 5,
  });
}

export function removePod(world: KubernetesWorld, pod: Pod): void {
  world.pods = world.pods.filter((each) => each !== pod);
  for (const { name } of pod.spec.containers) delete world.logs[logKey(pod, name)];
}

export const logKey = ({ metadata }: Pod, container: string) =>
  `${metadata.namespace}/${metadata.name}/${container}`;

type Happening = Pick<ClusterEvent, 'type' | 'reason' | 'message' | 'count'>;

function addEvent(world: KubernetesWorld, { metadata }: Pod, happening: Happening): void {
  const at = timestamp(new Date());
  const { name, uid, namespace = '' } = metadata;
  world.events.push({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: newMetadata(world, `${name}.${suffix()}`, { namespace }),
    involvedObject: { kind: 'Pod', namespace, name, uid },
    ...happening,
    firstTimestamp: at,
    lastTimestamp: at,
  });
}
