import { z } from 'zod';
import { type Attempt, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import { requireAllowed } from './allowed.ts';
import type { Kubernetes } from './client.ts';
import { againAfterConflict, throwFailure } from './failures.ts';
import { changeFields, objectName, target, time } from './input.ts';
import { readWorkload, type Workload } from './workload.ts';

/** What kubectl writes too: another value in the pods' template is another template, and so a rollout. */
const restartedAt = 'kubectl.kubernetes.io/restartedAt';

const at = time.describe('When the restart was decided. The same time again is the same restart');
const output = z.object({ changed: z.boolean(), generation: z.number() });

interface Restart {
  namespace: string;
  deployment?: string;
  statefulSet?: string;
  daemonSet?: string;
  at: string;
}

async function restart(
  client: Kubernetes,
  asked: Restart,
  attempt: Attempt,
): Promise<z.input<typeof output>> {
  const workload = await readWorkload(client, asked, attempt.signal);
  const { metadata, spec } = workload.object;
  const { kind, name } = workload;
  requireAllowed(client, {
    kind: kind.toLowerCase(),
    namespace: asked.namespace,
    name,
    labels: metadata?.labels,
  });
  const before = spec?.template.metadata?.annotations?.[restartedAt];
  if (isDone(before, asked.at, attempt)) return { changed: false, generation: metadata?.generation ?? 0 };
  if (workload.kind === 'Deployment' && workload.object.spec?.paused)
    throw conflict('Kubernetes', `deployment ${workload.name} is paused, so a restart would not begin`);
  const patched = await patch(client, asked, workload, attempt.signal);
  return { changed: true, generation: patched.metadata?.generation ?? 0 };
}

/**
 * A repeat finds its own time there. A later one is left too if an earlier attempt may have acted: somebody has restarted
 * the pods since, and the older time would do it once more.
 */
function isDone(before: string | undefined, at: string, { number, uncertainSince }: Attempt): boolean {
  if (before === undefined) return false;
  const mayHaveActed = number > 1 || uncertainSince !== undefined;
  return before === at || (mayHaveActed && Date.parse(before) > Date.parse(at));
}

function patch(
  { apps, request }: Kubernetes,
  { namespace, at }: Restart,
  workload: Workload,
  signal: AbortSignal,
) {
  const body = {
    // What was looked at and nothing else: the cluster answers 409 where it has changed since, or is another under its name.
    metadata: { resourceVersion: workload.object.metadata?.resourceVersion },
    spec: { template: { metadata: { annotations: { [restartedAt]: at } } } },
  };
  const asked = { namespace, name: workload.name, body, fieldManager: 'baton' };
  const options = request(signal, 'application/strategic-merge-patch+json');
  switch (workload.kind) {
    case 'Deployment':
      return apps.patchNamespacedDeployment(asked, options).catch(throwFailure);
    case 'StatefulSet':
      return apps.patchNamespacedStatefulSet(asked, options).catch(throwFailure);
    case 'DaemonSet':
      return apps.patchNamespacedDaemonSet(asked, options).catch(throwFailure);
  }
}

export const restartKubernetesDeployment = defineActivity({
  name: 'restartKubernetesDeployment',
  kind: 'destructive',
  provider: 'kubernetes',
  summary: 'Replaces the pods of a deployment, one after the other',
  permissions: ['apps/deployments get', 'apps/deployments patch'],
  targets: ({ namespace, deployment }) => [target(namespace, 'deployment', deployment)],
  input: z.object({ ...changeFields, deployment: objectName, at }),
  output,
  async run({ connection, namespace, deployment, at }, { kubernetes, attempt }) {
    const client = await kubernetes(connection);
    return againAfterConflict(() => restart(client, { namespace, deployment, at }, attempt));
  },
});

export const restartKubernetesStatefulSet = defineActivity({
  name: 'restartKubernetesStatefulSet',
  kind: 'destructive',
  provider: 'kubernetes',
  summary: 'Replaces the pods of a stateful set, one after the other',
  permissions: ['apps/statefulsets get', 'apps/statefulsets patch'],
  targets: ({ namespace, statefulSet }) => [target(namespace, 'statefulset', statefulSet)],
  input: z.object({ ...changeFields, statefulSet: objectName, at }),
  output,
  async run({ connection, namespace, statefulSet, at }, { kubernetes, attempt }) {
    const client = await kubernetes(connection);
    return againAfterConflict(() => restart(client, { namespace, statefulSet, at }, attempt));
  },
});

export const restartKubernetesDaemonSet = defineActivity({
  name: 'restartKubernetesDaemonSet',
  kind: 'destructive',
  provider: 'kubernetes',
  summary: 'Replaces the pods of a daemon set, node by node',
  permissions: ['apps/daemonsets get', 'apps/daemonsets patch'],
  targets: ({ namespace, daemonSet }) => [target(namespace, 'daemonset', daemonSet)],
  input: z.object({ ...changeFields, daemonSet: objectName, at }),
  output,
  async run({ connection, namespace, daemonSet, at }, { kubernetes, attempt }) {
    const client = await kubernetes(connection);
    return againAfterConflict(() => restart(client, { namespace, daemonSet, at }, attempt));
  },
});
