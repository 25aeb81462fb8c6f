import { createHash, randomUUID } from 'node:crypto';
import { newSecret } from '../secret.ts';

/** An object's metadata, as far as the simulated cluster keeps it. */
export interface Metadata {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller: boolean }[];
}

export interface Template {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: { containers: { name: string; image: string }[] };
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
}

export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet';

export interface Workload {
  apiVersion: 'apps/v1';
  kind: WorkloadKind;
  metadata: Metadata & { generation: number };
  spec: {
    replicas?: number;
    paused?: boolean;
    progressDeadlineSeconds?: number;
    selector: { matchLabels: Record<string, string> };
    template: Template;
  };
  status: { observedGeneration: number; conditions?: Condition[]; [count: string]: unknown };
}

export interface ReplicaSet {
  apiVersion: 'apps/v1';
  kind: 'ReplicaSet';
  metadata: Metadata;
  spec: { replicas: number; selector: { matchLabels: Record<string, string> }; template: Template };
}

export interface ControllerRevision {
  apiVersion: 'apps/v1';
  kind: 'ControllerRevision';
  metadata: Metadata;
  data: { spec: { template: Template } };
  revision: number;
}

type ContainerState =
  | { running: { startedAt: string } }
  | { waiting: { reason: string; message?: string } }
  | { terminated: { reason: string; exitCode: number; startedAt: string; finishedAt: string } };

export interface ContainerStatus {
  name: string;
  image: string;
  ready: boolean;
  restartCount: number;
  state: ContainerState;
  lastState: ContainerState | Record<string, never>;
}

export interface Pod {
  apiVersion: 'v1';
  kind: 'Pod';
  metadata: Metadata;
  spec: {
    nodeName: string;
    initContainers?: { name: string; image: string }[];
    containers: { name: string; image: string }[];
  };
  status: {
    phase: string;
    startTime: string;
    conditions: Condition[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses: ContainerStatus[];
  };
}

export interface Node {
  apiVersion: 'v1';
  kind: 'Node';
  metadata: Metadata;
  spec: { unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] };
  status: { conditions: Condition[]; allocatable: Record<string, string> };
}

export interface ClusterEvent {
  apiVersion: 'v1';
  kind: 'Event';
  metadata: Metadata;
  involvedObject: { kind: string; namespace: string; name: string; uid: string };
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  count: number;
  firstTimestamp: string;
  lastTimestamp: string;
}

export interface Autoscaler {
  apiVersion: 'autoscaling/v2';
  kind: 'HorizontalPodAutoscaler';
  metadata: Metadata;
  spec: {
    scaleTargetRef: { apiVersion: string; kind: string; name: string };
    minReplicas: number;
    maxReplicas: number;
  };
}

/** The cluster: all that the simulated Kubernetes knows. */
export interface KubernetesWorld {
  token: string;
  /** What the token may do, such as `apps/deployments patch`; everything where null. */
  granted: string[] | null;
  /** Why an admission webhook refuses writes, by the resource: `deployments`. */
  refusedByWebhook: Record<string, string>;
  nextVersion: number;
  deployments: Workload[];
  statefulsets: Workload[];
  daemonsets: Workload[];
  replicasets: ReplicaSet[];
  controllerrevisions: ControllerRevision[];
  pods: Pod[];
  nodes: Node[];
  events: ClusterEvent[];
  horizontalpodautoscalers: Autoscaler[];
  /** By `namespace/pod/container`: what it wrote since its start, and what the one before it wrote. */
  logs: Record<string, { current: string; previous?: string }>;
  /** Containers of these images crash, whoever starts them. */
  brokenImages: string[];
  /** By uid of a workload: when its controller acts next and when it last got somewhere, in milliseconds. */
  controllers: Record<string, { nextStepAt: number; progressAt: number }>;
}

export const simulatedToken = newSecret();

/** Lists of objects in the world by their name in the API. */
export const lists = {
  deployments: { group: 'apps', kind: 'Deployment' },
  statefulsets: { group: 'apps', kind: 'StatefulSet' },
  daemonsets: { group: 'apps', kind: 'DaemonSet' },
  replicasets: { group: 'apps', kind: 'ReplicaSet' },
  controllerrevisions: { group: 'apps', kind: 'ControllerRevision' },
  pods: { group: '', kind: 'Pod' },
  nodes: { group: '', kind: 'Node' },
  events: { group: '', kind: 'Event' },
  horizontalpodautoscalers: { group: 'autoscaling', kind: 'HorizontalPodAutoscaler' },
} as const;
export type Resource = keyof typeof lists;

export function newVersion(world: KubernetesWorld): string {
  world.nextVersion += 1;
  return `${world.nextVersion}`;
}

export function newMetadata(
  world: KubernetesWorld,
  name: string,
  rest: Partial<Metadata> = {},
  at = new Date(),
): Metadata {
  const creationTimestamp = timestamp(at);
  return { name, uid: randomUUID(), resourceVersion: newVersion(world), creationTimestamp, ...rest };
}

/** The API writes whole seconds. */
export const timestamp = (at: Date) => `${at.toISOString().slice(0, 19)}Z`;

/** Names a template, as the hash in the names of replica sets and pods does. */
export function templateHash(template: Template): string {
  return createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10);
}

export const ownerReference = ({ kind, metadata: { name, uid } }: { kind: string; metadata: Metadata }) => ({
  apiVersion: 'apps/v1',
  kind,
  name,
  uid,
  controller: true,
});

export const isOwnedBy = (owner: { metadata: Metadata }) => (object: { metadata: Metadata }) =>
  object.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) ?? false;

export const isReady = ({ status }: Pod) =>
  status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');

export const isCrashing = ({ status }: Pod) =>
  [...(status.initContainerStatuses ?? []), ...status.containerStatuses].some(
    ({ state }) => 'waiting' in state && state.waiting.reason === 'CrashLoopBackOff',
  );
