import type { V1DaemonSet, V1Deployment, V1LabelSelector, V1StatefulSet } from '@kubernetes/client-node';
import type { z } from 'zod';
import type { Kubernetes } from './client.ts';
import { throwFailure } from './failures.ts';
import type { workloadInput } from './input.ts';

export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet';

export type Workload =
  | { kind: 'Deployment'; name: string; object: V1Deployment }
  | { kind: 'StatefulSet'; name: string; object: V1StatefulSet }
  | { kind: 'DaemonSet'; name: string; object: V1DaemonSet };

/** Rights for reading any of the three. */
export const readAnyWorkload = [
  'apps/deployments get',
  'apps/statefulsets get',
  'apps/daemonsets get',
] as const;

/** Reads the one of the three that the input names. */
export async function readWorkload(
  { apps, request }: Kubernetes,
  input: Omit<z.output<typeof workloadInput>, 'connection'>,
  signal: AbortSignal,
): Promise<Workload> {
  const { namespace, deployment, statefulSet, daemonSet } = input;
  const options = request(signal);
  if (deployment !== undefined) {
    const object = await apps
      .readNamespacedDeployment({ namespace, name: deployment }, options)
      .catch(throwFailure);
    return { kind: 'Deployment', name: deployment, object };
  }
  if (statefulSet !== undefined) {
    const object = await apps
      .readNamespacedStatefulSet({ namespace, name: statefulSet }, options)
      .catch(throwFailure);
    return { kind: 'StatefulSet', name: statefulSet, object };
  }
  if (daemonSet === undefined) throw new Error('The input names no workload');
  const object = await apps
    .readNamespacedDaemonSet({ namespace, name: daemonSet }, options)
    .catch(throwFailure);
  return { kind: 'DaemonSet', name: daemonSet, object };
}

/** Merges `body` into the one of the three that the input names, and resolves with what it is then. Errors come as the SDK throws them. */
export async function patchWorkload(
  { apps, request }: Kubernetes,
  input: Omit<z.output<typeof workloadInput>, 'connection'>,
  body: object,
  { signal, ...more }: { signal: AbortSignal; dryRun?: 'All' },
): Promise<Workload['object']> {
  const { namespace, deployment, statefulSet, daemonSet } = input;
  const change = { namespace, body, ...more };
  const options = request(signal, 'application/strategic-merge-patch+json');
  if (deployment !== undefined)
    return apps.patchNamespacedDeployment({ ...change, name: deployment }, options);
  if (statefulSet !== undefined)
    return apps.patchNamespacedStatefulSet({ ...change, name: statefulSet }, options);
  if (daemonSet === undefined) throw new Error('The input names no workload');
  return apps.patchNamespacedDaemonSet({ ...change, name: daemonSet }, options);
}

/** A selector as lists take it: `app=checkout,tier in (web,api)`. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    switch (operator) {
      case 'Exists':
        return key;
      case 'DoesNotExist':
        return `!${key}`;
      default:
        return `${key} ${operator.toLowerCase()} (${values.join(',')})`;
    }
  });
  return [...labels, ...expressions].join(',');
}
