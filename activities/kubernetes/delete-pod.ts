import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import type { Kubernetes } from './client.ts';
import { refusalOf, throwFailure } from './failures.ts';
import { changeFields, objectName, target } from './input.ts';

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
  targets: ({ namespace, pod }) => [target(namespace, 'pod', pod)],
  input: z.object({
    ...changeFields,
    pod: objectName,
    uid: z.string().min(1).max(128),
    graceSeconds: z.number().int().min(0).max(86_400).optional(),
  }),
  output: z.object({ changed: z.boolean() }),
  async run(input, { kubernetes, attempt: { signal } }) {
    const { namespace, pod, uid, graceSeconds } = input;
    const client = await kubernetes(input.connection);
    if (!(await isThere(client, input, signal))) return { changed: false };
    const grace = graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds };
    const asked = { namespace, name: pod, body: { preconditions: { uid }, ...grace } };
    try {
      await client.core.deleteNamespacedPod(asked, client.request(signal));
      return { changed: true };
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal?.status === 404) return { changed: false };
      if (refusal?.status !== 409) return throwFailure(error);
      if (await isThere(client, input, signal)) throw conflict('Kubernetes', refusal.reason, 409);
      return { changed: false };
    }
  },
});

async function isThere(
  { core, request }: Kubernetes,
  { namespace, pod, uid }: { namespace: string; pod: string; uid: string },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { metadata } = await core.readNamespacedPod({ namespace, name: pod }, request(signal));
    return metadata?.uid === uid && !metadata.deletionTimestamp;
  } catch (error) {
    if (refusalOf(error)?.status === 404) return false;
    return throwFailure(error);
  }
}
