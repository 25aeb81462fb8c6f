import type { V1ControllerRevision, V1ReplicaSet } from '@kubernetes/client-node';
import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import { workloadInput } from './input.ts';
import { readPages } from './pages.ts';
import { boundedList } from './text.ts';
import { readAnyWorkload, readWorkload, selectorText } from './workload.ts';

const revisionSchema = z.object({
  revision: z.number(),
  images: z.array(z.string()),
  createdAt: z.string().optional(),
  /** Of the object that keeps it: the replica set, which owns the pods of a deployment. */
  name: z.string().optional(),
});

/** A controller revision's data is a patch of the workload's template. */
const revisionData = z.object({
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })) }) }),
  }),
});

/** Newest first: the first is the present template, the second is what a rollback would return to. */
export const listKubernetesRevisions = defineActivity({
  name: 'listKubernetesRevisions',
  kind: 'read',
  provider: 'kubernetes',
  summary: 'Lists the revisions of a workload with their images',
  permissions: [...readAnyWorkload, 'apps/replicasets list', 'apps/controllerrevisions list'],
  input: workloadInput,
  output: z.object({ revisions: z.array(revisionSchema), truncated: z.boolean() }),
  example: { namespace: 'shop', deployment: 'checkout' },
  async run(input, { kubernetes, attempt: { signal } }) {
    const client = await kubernetes(input.connection);
    const { kind, object } = await readWorkload(client, input, signal);
    const asked = { namespace: input.namespace, labelSelector: selectorText(object.spec?.selector ?? {}) };
    const { apps, request } = client;
    const isOwn = ({ metadata }: V1ReplicaSet | V1ControllerRevision) =>
      metadata?.ownerReferences?.some(({ uid }) => uid === object.metadata?.uid);
    const revisions =
      kind === 'Deployment'
        ? (
            await readPages((page) => apps.listNamespacedReplicaSet({ ...asked, ...page }, request(signal)))
          ).items
            .filter(isOwn)
            .map(fromReplicaSet)
        : (
            await readPages((page) =>
              apps.listNamespacedControllerRevision({ ...asked, ...page }, request(signal)),
            )
          ).items
            .filter(isOwn)
            .map(fromControllerRevision);
    const { items, truncated } = boundedList(revisions.sort((a, b) => b.revision - a.revision));
    return { revisions: items, truncated };
  },
});

function fromReplicaSet({ metadata, spec }: V1ReplicaSet): z.input<typeof revisionSchema> {
  return {
    revision: Number(metadata?.annotations?.['deployment.kubernetes.io/revision'] ?? 0),
    images: spec?.template?.spec?.containers.map(({ image }) => image ?? '') ?? [],
    createdAt: metadata?.creationTimestamp?.toISOString(),
    name: metadata?.name,
  };
}

function fromControllerRevision({ metadata, revision, data }: V1ControllerRevision) {
  const containers = revisionData.safeParse(data).data?.spec.template.spec.containers ?? [];
  return {
    revision,
    images: containers.map(({ image }) => image),
    createdAt: metadata?.creationTimestamp?.toISOString(),
    name: metadata?.name,
  };
}
