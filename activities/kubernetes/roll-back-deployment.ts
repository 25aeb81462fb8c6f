import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import { conflict, providerFailure } from '../failures.ts';
import { requireAllowed } from './allowed.ts';
import type { Kubernetes } from './client.ts';
import { againAfterConflict, refusalOf, throwFailure } from './failures.ts';
import { changeFields, objectName, target } from './input.ts';
import { readDeployment, readReplicaSets, type Template } from './template.ts';

/** Says which rollback a deployment has had last. After one, "the revision before" is the bad one again. */
const marker = 'baton/rollback';
const revisionNumber = 'deployment.kubernetes.io/revision';
/** Annotations that are about the object they stand on; all others go with the revision. kubectl keeps the same apart. */
const ownAnnotations = [
  revisionNumber,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'kubectl.kubernetes.io/last-applied-configuration',
];
const podTemplateHash = 'pod-template-hash';

interface RollBack {
  namespace: string;
  deployment: string;
  toRevision: number | undefined;
  key: string;
}

const output = z.object({
  changed: z.boolean(),
  fromImages: z.array(z.string()),
  toImages: z.array(z.string()),
});

/**
 * Puts the template of an earlier revision back, the one before the present where none is named, as `kubectl rollout undo`
 * does: the API has no call for it. No such revision, or a paused deployment → `Conflict`.
 */
export const rollBackKubernetesDeployment = defineActivity({
  name: 'rollBackKubernetesDeployment',
  kind: 'destructive',
  provider: 'kubernetes',
  summary: 'Returns a deployment to an earlier revision',
  permissions: ['apps/deployments get', 'apps/deployments patch', 'apps/replicasets list'],
  targets: ({ namespace, deployment }) => [target(namespace, 'deployment', deployment)],
  input: z.object({
    ...changeFields,
    deployment: objectName,
    toRevision: z.number().int().positive().optional(),
  }),
  output,
  async run({ connection, namespace, deployment, toRevision }, { kubernetes, attempt: { key, signal } }) {
    const client = await kubernetes(connection);
    return againAfterConflict(() => rollBack(client, { namespace, deployment, toRevision, key }, signal));
  },
});

async function rollBack(
  client: Kubernetes,
  { namespace, deployment: name, toRevision, key }: RollBack,
  signal: AbortSignal,
): Promise<z.input<typeof output>> {
  const { metadata, spec } = await readDeployment(client, { namespace, name }, signal);
  requireAllowed(client, { kind: 'deployment', namespace, name, labels: metadata.labels });
  const fromImages = imagesOf(spec.template);
  const unchanged = { changed: false, fromImages, toImages: fromImages };
  if (metadata.annotations[marker] === key) return unchanged;
  if (spec.paused)
    throw conflict('Kubernetes', `deployment ${name} is paused, so a rollback would not begin`);

  const all = await readReplicaSets(client, { namespace, selector: spec.selector }, signal);
  const own = all
    .filter(({ metadata: { ownerReferences } }) => ownerReferences.some(({ uid }) => uid === metadata.uid))
    .map((set) => ({ ...set, revision: Number(set.metadata.annotations[revisionNumber] ?? 0) }))
    .sort((a, b) => b.revision - a.revision);
  const wanted = toRevision === undefined ? own[1] : own.find(({ revision }) => revision === toRevision);
  if (!wanted) {
    const missing = toRevision === undefined ? 'no earlier revision' : `no revision ${toRevision}`;
    throw conflict('Kubernetes', `deployment ${name} has ${missing}`);
  }
  const template = withoutHash(wanted.spec.template);
  if (isDeepStrictEqual(template, withoutHash(spec.template))) return unchanged;

  const annotations = {
    ...pick(wanted.metadata.annotations, (name) => !ownAnnotations.includes(name)),
    ...pick(metadata.annotations, (name) => ownAnnotations.includes(name)),
    [marker]: key,
  };
  const body = [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    // The generation counts changes of what is wanted. The resource's version would also change with each restart of a pod.
    { op: 'test', path: '/metadata/generation', value: metadata.generation },
    { op: 'replace', path: '/spec/template', value: template },
    { op: 'add', path: '/metadata/annotations', value: annotations },
  ];
  await client.apps
    .patchNamespacedDeployment(
      { namespace, name, body, fieldManager: 'baton' },
      client.request(signal, 'application/json-patch+json'),
    )
    .catch(throwPatchFailure);
  return { changed: true, fromImages, toImages: imagesOf(template) };
}

/** 422 is the answer to a test that does not hold: the deployment has been changed since it was read. */
function throwPatchFailure(error: unknown): never {
  const refusal = refusalOf(error);
  if (refusal?.status === 422) throw providerFailure('Kubernetes', 409, refusal.reason);
  return throwFailure(error);
}

function imagesOf({ spec: { containers } }: Template): string[] {
  return containers.map(({ image }) => image ?? '');
}

/** The controller adds this label to each replica set's template, so that their pods differ. */
function withoutHash({ metadata, ...template }: Template): Template {
  const labels = pick(metadata.labels ?? {}, (name) => name !== podTemplateHash);
  return { ...template, metadata: { ...metadata, labels } };
}

function pick(all: Record<string, string>, wanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => wanted(name)));
}
