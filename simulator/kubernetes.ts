import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountApi } from './kubernetes/api.ts';
import type { Clock } from './kubernetes/controller.ts';
import { firstWorld, podsOfDeployment } from './kubernetes/first-world.ts';
import { crashPod } from './kubernetes/pods.ts';
import { statusBody } from './kubernetes/status-error.ts';
import { isCrashing, type KubernetesWorld, simulatedToken } from './kubernetes/world.ts';
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
 * A pod of the deployment goes into CrashLoopBackOff, with the log of the container that ended and warnings. Returns its name.
 */
export function crashLoop(
  { world }: Pick<Simulator<KubernetesWorld>, 'world'>,
  namespace: string,
  deployment: string,
): string {
  const found = world.deployments.find(
    ({ metadata }) => metadata.name === deployment && metadata.namespace === namespace,
  );
  const pod = found && podsOfDeployment(world, found).find((each) => !isCrashing(each));
  if (!pod) throw new Error(`The simulated cluster has no healthy pod of ${namespace}/${deployment}`);
  crashPod(world, pod);
  return pod.metadata.name;
}
