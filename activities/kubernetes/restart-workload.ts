import { z } from 'zod';
import type { Looked, Plan } from '../../domain/plan.ts';
import { type ActivityContext, type Attempt, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import { requireAllowed } from './allowed.ts';
import { asPlanned, type Seen } from './as-planned.ts';
import { all, dryRun as askDry } from './dry-run.ts';
import { throwFailure } from './failures.ts';
import { appsPath, changeFields, objectName, target, time } from './input.ts';
import { patchWorkload, readWorkload, type Workload } from './workload.ts';

/** What kubectl writes too: another value in the pods' template is another template, and so a rollout. */
const restartedAt = 'kubectl.kubernetes.io/restartedAt';

const at = time.describe('When the restart was decided. The same time again is the same restart');
const output = z.object({ changed: z.boolean(), generation: z.number() });
type Output = z.input<typeof output>;

/** Names one workload. */
interface Restart {
  connection: string;
  namespace: string;
  deployment?: string;
  statefulSet?: string;
  daemonSet?: string;
  at: string;
}

const inverse = { none: 'pods that were replaced do not come back' } as const;

async function look(asked: Restart, { kubernetes, attempt }: ActivityContext): Promise<Looked<Output, Seen>> {
  const { connection, namespace, at } = asked;
  const client = await kubernetes(connection);
  const workload = await readWorkload(client, asked, attempt.signal);
  const { metadata, spec } = workload.object;
  const kind = workload.kind.toLowerCase();
  requireAllowed(client, { kind, namespace, name: workload.name, labels: metadata?.labels });
  const generation = metadata?.generation ?? 0;
  const before = spec?.template.metadata?.annotations?.[restartedAt];
  if (isDone(before, at, attempt)) return { done: { changed: false, generation } };
  if (workload.kind === 'Deployment' && workload.object.spec?.paused)
    throw conflict('Kubernetes', `deployment ${workload.name} is paused, so a restart would not begin`);
  const path = appsPath(namespace, `${kind}s`, workload.name);
  const images = imagesOf(workload.object);
  return {
    plan: {
      summary: `Replaces the pods of ${kind} ${namespace}/${workload.name}, one after the other`,
      calls: [`PATCH ${path} spec.template.metadata.annotations[${restartedAt}]=${at}`],
      values: { uid: metadata?.uid, resourceVersion: metadata?.resourceVersion },
      before: { images, ...(before === undefined ? {} : { restartedAt: before }) },
      after: { images, restartedAt: at },
      inverse,
      output: { changed: true, generation: generation + 1 },
    },
  };
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

const imagesOf = ({ spec }: Workload['object']): string[] =>
  spec?.template.spec?.containers.map(({ image }) => image ?? '') ?? [];

async function patch(
  asked: Restart,
  metadata: Partial<Seen>,
  { kubernetes, attempt: { signal } }: ActivityContext,
  options: { dryRun?: typeof all } = {},
): Promise<Workload['object']> {
  const client = await kubernetes(asked.connection);
  const template = { metadata: { annotations: { [restartedAt]: asked.at } } };
  return patchWorkload(client, asked, { metadata, spec: { template } }, { signal, ...options });
}

/** Without the version, which changes with every status. */
const dryRun = (plan: Plan<Output, Seen>, asked: Restart, context: ActivityContext) =>
  askDry(plan, async () => {
    const then = await patch(asked, { uid: plan.values.uid }, context, { dryRun: all });
    return { images: imagesOf(then), restartedAt: then.spec?.template.metadata?.annotations?.[restartedAt] };
  });

async function act(plan: Plan<Output, Seen>, asked: Restart, context: ActivityContext): Promise<Output> {
  const make = async ({ values: { resourceVersion } }: Plan<Output, Seen>) => {
    const { metadata } = await patch(asked, { resourceVersion }, context).catch(throwFailure);
    return { changed: true, generation: metadata?.generation ?? 0 };
  };
  return asPlanned(plan, make, () => look(asked, context));
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
  example: { namespace: 'shop', deployment: 'checkout', at: '2026-11-21T10:00:00.000Z' },
  inverse,
  look,
  dryRun,
  act,
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
  example: { namespace: 'shop', statefulSet: 'carts', at: '2026-11-21T10:00:00.000Z' },
  inverse,
  look,
  dryRun,
  act,
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
  example: { namespace: 'shop', daemonSet: 'log-collector', at: '2026-11-21T10:00:00.000Z' },
  inverse,
  look,
  dryRun,
  act,
});
