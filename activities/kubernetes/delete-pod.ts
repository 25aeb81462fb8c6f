import type { CoreV1ApiDeleteNamespacedPodRequest, V1Pod } from '@kubernetes/client-node';
import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import { requireAllowed } from './allowed.ts';
import type { Kubernetes } from './client.ts';
import { all, dryRun } from './dry-run.ts';
import { refusalOf, throwFailure } from './failures.ts';
import { changeFields, objectName, target } from './input.ts';

const inverse = { none: 'a pod that was deleted does not come back' } as const;

const input = z.object({
  ...changeFields,
  pod: objectName,
  uid: z.string().min(1).max(128),
  graceSeconds: z.number().int().min(0).max(86_400).optional(),
});

/**
 * Deletes that one pod and never what has replaced it under the same name: the uid is a precondition. A pod that is gone, or
 * going, is done.
 */
export const deleteKubernetesPod = defineActivity({
  name: 'deleteKubernetesPod',
  kind: 'destructive',
  provider: 'kubernetes',
  summary: 'Deletes a pod, which its owner then replaces',
  permissions: ['pods get', 'pods delete'],
  targets: ({ namespace, pod }) => [target(namespace, 'pod', pod), ...ownersOf(namespace, pod)],
  input,
  output: z.object({ changed: z.boolean() }),
  example: { namespace: 'shop', pod: 'carts-0', uid: '6f1c2a5e-3a53-4b0f-9a51-2f3d6c8b7e10' },
  inverse,
  async look(input, { kubernetes, attempt: { signal } }) {
    const { namespace, pod, uid, graceSeconds } = input;
    const client = await kubernetes(input.connection);
    const there = await find(client, input, signal);
    if (!there) return { done: { changed: false } };
    const { metadata, spec, status } = there;
    requireAllowed(client, { kind: 'pod', namespace, name: pod, labels: metadata?.labels });
    const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
    const replaced = owner ? `${owner.kind} ${owner.name} replaces it` : 'nothing replaces it';
    const grace = graceSeconds === undefined ? '' : ` gracePeriodSeconds=${graceSeconds}`;
    const call = `DELETE /api/v1/namespaces/${namespace}/pods/${pod} preconditions.uid=${uid}${grace}`;
    return {
      plan: {
        summary: `Deletes pod ${namespace}/${pod}; ${replaced}`,
        calls: [call],
        values: {},
        before: { phase: status?.phase ?? 'Unknown', ...(spec?.nodeName ? { node: spec.nodeName } : {}) },
        inverse,
        output: { changed: true },
      },
    };
  },
  dryRun: (plan, input, { kubernetes, attempt: { signal } }) =>
    dryRun(plan, async () => {
      const client = await kubernetes(input.connection);
      // In the body: the cluster reads no options of the query beside one, and would delete the pod.
      const asked = deletion(input, { dryRun: [all] });
      await client.core.deleteNamespacedPod(asked, client.request(signal));
      return undefined;
    }),
  async act({ output }, input, { kubernetes, attempt: { signal } }) {
    const client = await kubernetes(input.connection);
    try {
      await client.core.deleteNamespacedPod(deletion(input), client.request(signal));
      return output;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal?.status === 404) return { changed: false };
      if (refusal?.status !== 409) return throwFailure(error);
      if (await find(client, input, signal)) throw conflict('Kubernetes', refusal.reason, 409);
      return { changed: false };
    }
  },
});

function deletion(
  { namespace, pod, uid, graceSeconds }: z.output<typeof input>,
  options: { dryRun?: (typeof all)[] } = {},
): CoreV1ApiDeleteNamespacedPodRequest {
  const grace = graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds };
  return { namespace, name: pod, body: { preconditions: { uid }, ...grace, ...options } };
}

/**
 * A pod's name begins with its owner's, and a deletion is to share locks and cool-downs with a restart of the owner. What a name
 * allows is taken: a target too much holds up nobody.
 */
function ownersOf(namespace: string, pod: string): string[] {
  const deployment = pod.match(/^(.+)-[a-z0-9]{1,10}-[a-z0-9]{5}$/)?.[1];
  const statefulSet = pod.match(/^(.+)-[0-9]+$/)?.[1];
  const daemonSet = pod.match(/^(.+)-[a-z0-9]{5}$/)?.[1];
  return [
    ...(deployment ? [target(namespace, 'deployment', deployment)] : []),
    ...(statefulSet ? [target(namespace, 'statefulset', statefulSet)] : []),
    ...(daemonSet ? [target(namespace, 'daemonset', daemonSet)] : []),
  ];
}

/** That very pod, unless it is going already. */
async function find(
  { core, request }: Kubernetes,
  { namespace, pod, uid }: { namespace: string; pod: string; uid: string },
  signal: AbortSignal,
): Promise<V1Pod | undefined> {
  try {
    const found = await core.readNamespacedPod({ namespace, name: pod }, request(signal));
    return found.metadata?.uid === uid && !found.metadata.deletionTimestamp ? found : undefined;
  } catch (error) {
    if (refusalOf(error)?.status === 404) return undefined;
    return throwFailure(error);
  }
}
