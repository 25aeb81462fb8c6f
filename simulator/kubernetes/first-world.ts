import { settle } from './controller.ts';
import { crashPod } from './pods.ts';
import {
  isOwnedBy,
  type KubernetesWorld,
  type Node,
  newMetadata,
  simulatedToken,
  timestamp,
  type Workload,
  type WorkloadKind,
} from './world.ts';

const namespace = 'shop';

/**
 * A small shop on two nodes: the deployments checkout, which has had an earlier revision and one pod of which does not come up,
 * and search, which an autoscaler scales; the stateful set carts; the daemon set log-collector.
 */
export function firstWorld(): KubernetesWorld {
  const world: KubernetesWorld = {
    token: simulatedToken,
    granted: null,
    refusedByWebhook: {},
    nextVersion: 1000,
    deployments: [],
    statefulsets: [],
    daemonsets: [],
    replicasets: [],
    controllerrevisions: [],
    pods: [],
    nodes: [],
    events: [],
    horizontalpodautoscalers: [],
    logs: {},
    brokenImages: [],
    controllers: {},
  };
  world.nodes.push(newNode(world, 'ip-10-0-1-17'), newNode(world, 'ip-10-0-2-24'));

  const checkout = newWorkload(world, 'Deployment', {
    name: 'checkout',
    image: 'shop/checkout:1.41.0',
    replicas: 3,
  });
  const search = newWorkload(world, 'Deployment', {
    name: 'search',
    image: 'shop/search:2.7.3',
    replicas: 2,
  });
  const carts = newWorkload(world, 'StatefulSet', { name: 'carts', image: 'shop/carts:5.0.2', replicas: 2 });
  const collector = newWorkload(world, 'DaemonSet', {
    name: 'log-collector',
    image: 'shop/log-collector:0.9.1',
  });
  world.deployments.push(checkout, search);
  world.statefulsets.push(carts);
  world.daemonsets.push(collector);
  for (const workload of [checkout, search, carts, collector]) settle(world, workload);

  const [container] = checkout.spec.template.spec.containers;
  if (container) container.image = 'shop/checkout:1.42.0';
  checkout.metadata.generation += 1;
  settle(world, checkout);
  const [pod] = world.pods.filter(({ metadata }) => metadata.labels?.app === 'checkout');
  if (pod) crashPod(world, pod);

  world.horizontalpodautoscalers.push({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: newMetadata(world, 'search', { namespace }),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'search' },
      minReplicas: 2,
      maxReplicas: 6,
    },
  });
  return world;
}

/** One more deployment, all of whose pods are ready. */
export function addDeployment(
  world: KubernetesWorld,
  described: { name: string; image: string; replicas: number },
): Workload {
  const workload = newWorkload(world, 'Deployment', described);
  world.deployments.push(workload);
  settle(world, workload);
  return workload;
}

function newWorkload(
  world: KubernetesWorld,
  kind: WorkloadKind,
  { name, image, replicas }: { name: string; image: string; replicas?: number },
): Workload {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { ...newMetadata(world, name, { namespace, labels }), generation: 1 },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image }] } },
    },
    status: { observedGeneration: 0 },
  };
}

function newNode(world: KubernetesWorld, name: string): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: newMetadata(world, name, {
      labels: { 'kubernetes.io/hostname': name, 'baton/restart': 'allowed' },
    }),
    spec: {},
    status: {
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: 'kubelet is posting ready status',
          lastTransitionTime: timestamp(new Date()),
        },
      ],
      allocatable: { cpu: '3920m', memory: '7100Mi', pods: '58' },
    },
  };
}

/** The pods of a deployment, through its replica sets. */
export function podsOfDeployment(world: KubernetesWorld, deployment: Workload) {
  const sets = world.replicasets.filter(isOwnedBy(deployment));
  return world.pods.filter((pod) => sets.some((set) => isOwnedBy(set)(pod)));
}
