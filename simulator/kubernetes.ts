import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountApi } from './kubernetes/api.ts';
import { type Clock, settle } from './kubernetes/controller.ts';
import { firstWorld, podsOfDeployment } from './kubernetes/first-world.ts';
import { crashPod } from './kubernetes/pods.ts';
import { statusBody } from './kubernetes/status-error.ts';
import {
  isCrashing,
  isOwnedBy,
  type KubernetesWorld,
  simulatedToken,
  timestamp,
  type Workload,
} from './kubernetes/world.ts';
import { defineSimulator, startUnhurried } from './provider.ts';
import type { Simulation, Simulator } from './simulator.ts';

export type { KubernetesWorld } from './kubernetes/world.ts';

/** Rollouts take some 40 s of the cluster's time; with the default scale, 2 s of ours. */
export function kubernetesSimulation({
  timeScale = 20,
  now = Date.now,
}: Partial<Clock> = {}): Simulation<KubernetesWorld> {
  return {
    provider: 'kubernetes',
    world: firstWorld(),
    renewSecrets: (world) => {
      world.token = simulatedToken;
      // A world of before there were any.
      world.refusedByWebhook ??= {};
    },
    routes: (app, world, act) => mountApi(app, world, act, { timeScale, now }),
    errorBody: (status) => statusBody(status, `Ordered error ${status}`),
  };
}

/** A kubeconfig for the simulator at `url`. The SDK speaks plain HTTP only where certificates are not checked. */
export function kubernetesConfig(url: string, token = simulatedToken): string {
  return `apiVersion: v1
kind: Config
current-context: simulated
clusters:
  - name: simulated
    cluster:
      server: ${url}
      insecure-skip-tls-verify: true
users:
  - name: baton
    user:
      token: ${token}
contexts:
  - name: simulated
    context:
      cluster: simulated
      user: baton
`;
}

/** The settings that connect Baton to the simulator at `url`, after writing the kubeconfig to `file`. */
export function kubernetesEnvironment(url: string, file: string): Record<string, string> {
  writeFileSync(file, kubernetesConfig(url), { mode: 0o600 });
  return { KUBECONFIG: file, KUBERNETES_NAMESPACES: 'shop' };
}

export const simulatedKubernetes = defineSimulator({
  provider: 'kubernetes',
  start: (options) =>
    startUnhurried(kubernetesSimulation({ timeScale: options.pace.timeScale }), options, (url) =>
      kubernetesEnvironment(url, join(options.stateDir, 'kubeconfig.yaml')),
    ),
});

/**
 * A deployment gets a new image, which crashes wherever it starts: all of its pods fail within a minute of the cluster's. The revision before was
 * there for `ranFor` minutes, as its age says. Returns the image that was there before.
 */
export function breakRollout(
  { world }: Pick<Simulator<KubernetesWorld>, 'world'>,
  namespace: string,
  deployment: string,
  ranFor = 600,
): string {
  const found = deploymentNamed(world, namespace, deployment);
  const [container] = found.spec.template.spec.containers;
  if (!container) throw new Error(`The simulated deployment ${namespace}/${deployment} has no container`);
  const before = container.image;
  makeOlder(world, namespace, deployment, ranFor);
  container.image = before.replace(/:.*$/, `:broken-${found.metadata.generation}`);
  world.brokenImages.push(container.image);
  found.metadata.generation += 1;
  settle(world, found);
  return before;
}

/** The revisions of a deployment are there for so many minutes more. */
export function makeOlder(
  world: KubernetesWorld,
  namespace: string,
  deployment: string,
  minutes: number,
): void {
  const found = deploymentNamed(world, namespace, deployment);
  for (const { metadata } of world.replicasets.filter(isOwnedBy(found)))
    metadata.creationTimestamp = timestamp(
      new Date(Date.parse(metadata.creationTimestamp) - minutes * 60_000),
    );
}

function deploymentNamed({ deployments }: KubernetesWorld, namespace: string, deployment: string): Workload {
  const found = deployments.find(
    ({ metadata }) => metadata.name === deployment && metadata.namespace === namespace,
  );
  if (!found) throw new Error(`The simulated cluster has no deployment ${namespace}/${deployment}`);
  return found;
}

/**
 * A pod of the deployment goes into CrashLoopBackOff, with the log of the container that ended and warnings. Returns its name.
 */
export function crashLoop(
  { world }: Pick<Simulator<KubernetesWorld>, 'world'>,
  namespace: string,
  deployment: string,
): string {
  const found = deploymentNamed(world, namespace, deployment);
  const pod = podsOfDeployment(world, found).find((each) => !isCrashing(each));
  if (!pod) throw new Error(`The simulated cluster has no healthy pod of ${namespace}/${deployment}`);
  crashPod(world, pod);
  return pod.metadata.name;
}
