import { z } from 'zod';
import type { Looked, Plan } from '../../domain/plan.ts';
import { type ActivityContext, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import { requireAllowed } from './allowed.ts';
import { asPlanned, type Seen } from './as-planned.ts';
import { findAutoscaler } from './autoscaler.ts';
import { all, dryRun } from './dry-run.ts';
import { throwFailure } from './failures.ts';
import { appsPath, changeFields, objectName, target } from './input.ts';

const input = z.object({
  ...changeFields,
  deployment: objectName,
  replicas: z.number().int().min(0).max(10_000),
  from: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .optional()
    .describe(
      'Where given: only from this number. Where somebody has set another one since, nothing is changed',
    ),
});
type Input = z.output<typeof input>;
const output = z.object({ changed: z.boolean(), before: z.number(), after: z.number() });
type Output = z.input<typeof output>;

/** An absolute number, so a repeat changes nothing. An autoscaler would undo it at once: `Conflict`. */
export const scaleKubernetesDeployment = defineActivity({
  name: 'scaleKubernetesDeployment',
  kind: 'destructive',
  provider: 'kubernetes',
  summary: 'Sets the number of replicas of a deployment',
  permissions: [
    'apps/deployments get',
    'apps/deployments/scale patch',
    'autoscaling/horizontalpodautoscalers list',
  ],
  targets: ({ namespace, deployment }) => [target(namespace, 'deployment', deployment)],
  // Down to nothing and up again is one plan.
  coolDown: { repeats: true },
  input,
  output,
  example: { namespace: 'shop', deployment: 'checkout', replicas: 5 },
  inverse: { activity: 'scaleKubernetesDeployment' },
  look,
  // Without the version, which changes with every status.
  dryRun: (plan, input, context) =>
    dryRun(plan, async () => {
      const { spec } = await patchScale(input, { uid: plan.values.uid }, context, { dryRun: all });
      return { replicas: spec?.replicas };
    }),
  async act(plan, input, context) {
    const patch = async ({ values: { resourceVersion }, output }: Plan<Output, Seen>) => {
      await patchScale(input, { resourceVersion }, context).catch(throwFailure);
      return output;
    };
    return asPlanned(plan, patch, () => look(input, context));
  },
});

async function patchScale(
  { connection, namespace, deployment: name, replicas }: Input,
  metadata: Partial<Seen>,
  { kubernetes, attempt: { signal } }: ActivityContext,
  options: { dryRun?: typeof all } = {},
) {
  const { apps, request } = await kubernetes(connection);
  const body = { metadata, spec: { replicas } };
  const merge = request(signal, 'application/merge-patch+json');
  return apps.patchNamespacedDeploymentScale({ namespace, name, body, ...options }, merge);
}

async function look(
  { connection, namespace, deployment, replicas, from }: Input,
  { kubernetes, attempt: { signal } }: ActivityContext,
): Promise<Looked<Output, Seen>> {
  const client = await kubernetes(connection);
  const named = { namespace, name: deployment };
  const { metadata, spec } = await client.apps
    .readNamespacedDeployment(named, client.request(signal))
    .catch(throwFailure);
  requireAllowed(client, { kind: 'deployment', ...named, labels: metadata?.labels });
  const before = spec?.replicas ?? 1;
  if (before === replicas) return { done: { changed: false, before, after: replicas } };
  if (from !== undefined && before !== from)
    throw conflict(
      'Kubernetes',
      `${deployment} is set to ${before} replicas, and not to ${from} any more: somebody has changed that`,
    );
  const autoscaler = await findAutoscaler(client, { ...named, kind: 'Deployment' }, signal);
  if (autoscaler)
    throw conflict('Kubernetes', `autoscaler ${autoscaler.name} sets the replicas of ${deployment}`);
  return {
    plan: {
      summary: `Scales deployment ${namespace}/${deployment} from ${before} to ${replicas} replicas`,
      calls: [`PATCH ${appsPath(namespace, 'deployments', deployment)}/scale spec.replicas=${replicas}`],
      values: { uid: metadata?.uid, resourceVersion: metadata?.resourceVersion },
      before: { replicas: before },
      after: { replicas },
      inverse: {
        activity: 'scaleKubernetesDeployment',
        input: { connection, namespace, deployment, replicas: before, from: replicas },
      },
      output: { changed: true, before, after: replicas },
    },
  };
}
