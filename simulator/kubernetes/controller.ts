import { addPod, crashPod, removePod, startPod } from './pods.ts';
import { presentRevision, type Revision } from './revisions.ts';
import {
  isCrashing,
  isOwnedBy,
  isReady,
  type KubernetesWorld,
  newVersion,
  type Pod,
  timestamp,
  type Workload,
} from './world.ts';

const stepSeconds = 5;
const defaultDeadlineSeconds = 600;

/** The cluster's clock: milliseconds, and how many of its seconds pass in one of ours. */
export interface Clock {
  now: () => number;
  timeScale: number;
}

/**
 * Lets the controllers do what they would have done by now: one step in five seconds of the cluster's, for each workload that
 * is not yet as it is wanted.
 */
export function advance(world: KubernetesWorld, { now, timeScale }: Clock): void {
  const stepMs = (stepSeconds * 1000) / timeScale;
  for (const workload of [...world.deployments, ...world.statefulsets, ...world.daemonsets]) {
    const before = JSON.stringify(workload.status);
    const timer = world.controllers[workload.metadata.uid] ?? {
      nextStepAt: now() + stepMs,
      progressAt: now(),
    };
    world.controllers[workload.metadata.uid] = timer;
    while (timer.nextStepAt <= now()) {
      const at = timer.nextStepAt;
      timer.nextStepAt += stepMs;
      if (step(world, workload)) timer.progressAt = at;
      // A steady workload waits for its next change from then on, however long that takes.
      else timer.nextStepAt = Math.max(timer.nextStepAt, now() + stepMs);
    }
    const deadline = workload.spec.progressDeadlineSeconds ?? defaultDeadlineSeconds;
    const overdue = now() - timer.progressAt > (deadline * 1000) / timeScale;
    writeStatus(world, workload, overdue);
    if (JSON.stringify(workload.status) !== before) workload.metadata.resourceVersion = newVersion(world);
  }
}

/** Brings a workload and its pods to the wanted state at once: how the world begins. */
export function settle(world: KubernetesWorld, workload: Workload): void {
  while (step(world, workload)) {}
  writeStatus(world, workload, false);
}

/** One thing on the way to what is wanted. False where there is nothing to do. */
function step(world: KubernetesWorld, workload: Workload): boolean {
  const { metadata, spec, status } = workload;
  if (status.observedGeneration !== metadata.generation) {
    status.observedGeneration = metadata.generation;
    return true;
  }
  if (spec.paused) return false;
  const { wanted, fresh, stale, revision } = stateOf(world, workload);
  const starting = fresh.filter((pod) => pod.status.phase === 'Pending');
  if (starting.length > 0) {
    for (const pod of starting) begin(world, pod);
    return true;
  }
  const surplus = stale.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)))[0];
  const serving = fresh.filter(isReady).length + stale.length;
  const enough = workload.kind === 'Deployment' ? serving > wanted : fresh.length + stale.length >= wanted;
  if (surplus && (enough || !isReady(surplus))) {
    removePod(world, surplus);
    return true;
  }
  const extra = fresh.find((pod) => !isReady(pod)) ?? fresh.at(-1);
  if (extra && fresh.length > wanted) {
    removePod(world, extra);
    return true;
  }
  // One pod more than wanted is allowed while a template is replaced.
  const blocked = stale.length > 0 && fresh.some(isCrashing);
  if (fresh.length < wanted && !blocked) {
    addPod(world, workload, revision);
    return true;
  }
  return false;
}

function begin(world: KubernetesWorld, pod: Pod): void {
  const isBroken = pod.spec.containers.some(({ image }) => world.brokenImages.includes(image));
  if (isBroken) crashPod(world, pod);
  else startPod(world, pod);
}

function stateOf(world: KubernetesWorld, workload: Workload) {
  const revision = presentRevision(world, workload);
  const pods = podsOf(world, workload);
  const isFresh = ({ metadata: { labels = {} } }: Pod) =>
    Object.entries(revision.podLabels).every(([name, value]) => labels[name] === value);
  const wanted = workload.kind === 'DaemonSet' ? world.nodes.length : (workload.spec.replicas ?? 1);
  return {
    wanted,
    revision,
    pods,
    fresh: pods.filter(isFresh),
    stale: pods.filter((pod) => !isFresh(pod)),
  };
}

/** A deployment owns its pods through its replica sets. */
function podsOf(world: KubernetesWorld, workload: Workload): Pod[] {
  const owners = workload.kind === 'Deployment' ? world.replicasets.filter(isOwnedBy(workload)) : [workload];
  return world.pods.filter((pod) => owners.some((owner) => isOwnedBy(owner)(pod)));
}

function writeStatus(world: KubernetesWorld, workload: Workload, overdue: boolean): void {
  const { status, metadata } = workload;
  // Until a change has been observed, the counts are those of the template before it.
  if (status.observedGeneration !== metadata.generation) return;
  const state = stateOf(world, workload);
  const ready = state.pods.filter(isReady).length;
  const updated = state.fresh.length;
  const isComplete = updated === state.wanted && state.stale.length === 0 && ready === state.wanted;
  switch (workload.kind) {
    case 'DaemonSet':
      status.desiredNumberScheduled = state.wanted;
      status.currentNumberScheduled = state.pods.length;
      status.updatedNumberScheduled = updated;
      status.numberReady = ready;
      status.numberAvailable = ready;
      return;
    case 'StatefulSet':
      status.updateRevision = state.revision.name;
      if (isComplete) status.currentRevision = state.revision.name;
      break;
    case 'Deployment':
      writeConditions(workload, state, { isComplete, overdue, ready });
  }
  status.replicas = state.pods.length;
  status.updatedReplicas = updated;
  status.readyReplicas = ready;
  status.availableReplicas = ready;
}

interface Progress {
  isComplete: boolean;
  overdue: boolean;
  ready: number;
}

/** The deadline counts while the template is replaced; a pod that crashes later does not undo a rollout that was complete. */
function writeConditions(
  { metadata, status }: Workload,
  { wanted, revision }: { wanted: number; revision: Revision },
  { isComplete, overdue, ready }: Progress,
): void {
  const of = `ReplicaSet "${revision.name}"`;
  const before = status.conditions?.find(({ type }) => type === 'Progressing');
  const wasComplete =
    before?.reason === 'NewReplicaSetAvailable' && before.message.includes(`"${revision.name}"`);
  const late = overdue && !isComplete && !wasComplete;
  const progressing = late
    ? ['False', 'ProgressDeadlineExceeded', `${of} has timed out progressing.`]
    : isComplete || wasComplete
      ? ['True', 'NewReplicaSetAvailable', `${of} has successfully progressed.`]
      : ['True', 'ReplicaSetUpdated', `${of} is progressing.`];
  const available =
    ready >= Math.ceil(wanted * 0.75)
      ? ['True', 'MinimumReplicasAvailable', `Deployment ${metadata.name} has minimum availability.`]
      : ['False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.'];
  status.conditions = [
    ['Available', ...available],
    ['Progressing', ...progressing],
  ].map(([type = '', now, reason = '', message = '']) => {
    const earlier = status.conditions?.find((condition) => condition.type === type);
    const state = now === 'True' ? 'True' : 'False';
    const lastTransitionTime = earlier?.status === state ? earlier.lastTransitionTime : timestamp(new Date());
    return { type, status: state, reason, message, lastTransitionTime };
  });
}
