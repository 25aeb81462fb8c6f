import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Looked } from '../../domain/plan.ts';
import { type ActivityContext, type Attempt, defineActivity } from '../activity.ts';
import { conflict, providerFailure } from '../failures.ts';
import { requireAllowed } from './allowed.ts';
import { asPlanned, type Seen } from './as-planned.ts';
import type { Kubernetes } from './client.ts';
import { all, dryRun } from './dry-run.ts';
import { refusalOf, throwFailure } from './failures.ts';
import { appsPath, changeFields, objectName, target } from './input.ts';
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

const input = z.object({
  ...changeFields,
  deployment: objectName,
  toRevision: z.number().int().positive().optional(),
});
type Input = z.output<typeof input>;
const output = z.object({
  changed: z.boolean(),
  fromImages: z.array(z.string()),
  toImages: z.array(z.string()),
});
type Output = z.input<typeof output>;

/**
 * What was looked at. The template itself is read again by whoever acts, and so are the annotations: both can hold secrets, which must not
 * be stored with a plan. A replica set's template never changes.
 */
interface Values extends Seen {
  generation: number;
  /** The uid of the one whose template is put back. */
  replicaSet: string;
}

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
  input,
  output,
  example: { namespace: 'shop', deployment: 'checkout', toRevision: 1 },
  inverse: { activity: 'rollBackKubernetesDeployment' },
  look,
  dryRun: (plan, input, context) =>
    dryRun(plan, async () => {
      const client = await context.kubernetes(input.connection);
      const { spec } = await putBack(client, input, plan.values, context.attempt, { dryRun: all });
      return { images: spec?.template.spec?.containers.map(({ image }) => image ?? '') ?? [] };
    }),
  async act(plan, input, context) {
    const client = await context.kubernetes(input.connection);
    return asPlanned(
      plan,
      async ({ values, output }) => {
        await putBack(client, input, values, context.attempt).catch(throwPatchFailure);
        return output;
      },
      () => look(input, context),
    );
  },
});

async function look(
  { connection, namespace, deployment: name, toRevision }: Input,
  { kubernetes, attempt: { key, signal } }: ActivityContext,
): Promise<Looked<Output, Values>> {
  const client = await kubernetes(connection);
  const present = await readDeployment(client, { namespace, name }, signal);
  const { metadata, spec } = present;
  requireAllowed(client, { kind: 'deployment', namespace, name, labels: metadata.labels });
  const fromImages = imagesOf(spec.template);
  const unchanged = { changed: false, fromImages, toImages: fromImages };
  if (metadata.annotations[marker] === key) return { done: unchanged };
  if (spec.paused)
    throw conflict('Kubernetes', `deployment ${name} is paused, so a rollback would not begin`);

  const all = await revisionsOf(client, namespace, present, signal);
  const wanted = toRevision === undefined ? all[1] : all.find(({ revision }) => revision === toRevision);
  if (!wanted) {
    const missing = toRevision === undefined ? 'no earlier revision' : `no revision ${toRevision}`;
    throw conflict('Kubernetes', `deployment ${name} has ${missing}`);
  }
  const isPresent = ({ template }: Revision) => isDeepStrictEqual(template, withoutHash(spec.template));
  if (isPresent(wanted)) return { done: unchanged };

  const { revision } = wanted;
  const from = all.find(isPresent)?.revision;
  const toImages = imagesOf(wanted.template);
  return {
    plan: {
      summary: `Returns deployment ${namespace}/${name} to revision ${revision}: ${toImages.join(', ')}`,
      // Without the key itself: what people approve is then made under another one.
      calls: [
        `PATCH ${appsPath(namespace, 'deployments', name)} spec.template=(that of revision ${revision}) ` +
          `metadata.annotations=(those of revision ${revision}) metadata.annotations[${marker}]=(the key of the call)`,
      ],
      values: { uid: metadata.uid, generation: metadata.generation, replicaSet: wanted.uid },
      before: { images: fromImages, ...(from === undefined ? {} : { revision: from }) },
      after: { images: toImages, templateOfRevision: revision },
      inverse:
        from === undefined
          ? { none: 'the present template is kept as no revision yet' }
          : {
              activity: 'rollBackKubernetesDeployment',
              input: { connection, namespace, deployment: name, toRevision: from },
            },
      output: { changed: true, fromImages, toImages },
    },
  };
}

interface Revision {
  uid: string;
  revision: number;
  annotations: Record<string, string>;
  template: Template;
}

/** What the cluster has kept of a deployment, the newest first. */
async function revisionsOf(
  client: Kubernetes,
  namespace: string,
  { metadata: { uid }, spec: { selector } }: Awaited<ReturnType<typeof readDeployment>>,
  signal: AbortSignal,
): Promise<Revision[]> {
  const all = await readReplicaSets(client, { namespace, selector }, signal);
  return all
    .filter(({ metadata: { ownerReferences } }) => ownerReferences.some((owner) => owner.uid === uid))
    .map(({ metadata, spec }) => ({
      uid: metadata.uid,
      revision: Number(metadata.annotations[revisionNumber] ?? 0),
      annotations: metadata.annotations,
      template: withoutHash(spec.template),
    }))
    .sort((a, b) => b.revision - a.revision);
}

async function putBack(
  client: Kubernetes,
  { namespace, deployment: name }: Input,
  { uid, generation, replicaSet }: Values,
  { key, signal }: Attempt,
  options: { dryRun?: typeof all } = {},
) {
  const present = await readDeployment(client, { namespace, name }, signal);
  const all = await revisionsOf(client, namespace, present, signal);
  const wanted = all.find((each) => each.uid === replicaSet);
  if (!wanted)
    throw providerFailure('Kubernetes', 409, `the revision to which ${name} was to return is gone`);
  const annotations = {
    ...pick(wanted.annotations, (name) => !ownAnnotations.includes(name)),
    ...pick(present.metadata.annotations, (name) => ownAnnotations.includes(name)),
    [marker]: key,
  };
  const body = [
    { op: 'test', path: '/metadata/uid', value: uid },
    // The generation counts changes of what is wanted. The resource's version would also change with each restart of a pod.
    { op: 'test', path: '/metadata/generation', value: generation },
    { op: 'replace', path: '/spec/template', value: wanted.template },
    { op: 'add', path: '/metadata/annotations', value: annotations },
  ];
  return client.apps.patchNamespacedDeployment(
    { namespace, name, body, ...options },
    client.request(signal, 'application/json-patch+json'),
  );
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
