import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import { findAutoscaler } from './autoscaler.ts';
import { workloadInput } from './input.ts';
import { keeperOf } from './keeper.ts';
import { short } from './text.ts';
import { readAnyWorkload, readWorkload, selectorText, type Workload } from './workload.ts';

/** The owner's word on how far it may be scaled out. */
const scaleMax = 'baton/scale-max';

export const readKubernetesWorkload = defineActivity({
  name: 'readKubernetesWorkload',
  kind: 'read',
  provider: 'kubernetes',
  summary: 'Reads a deployment, stateful set or daemon set: images, replicas, conditions, autoscaler',
  permissions: [...readAnyWorkload, 'autoscaling/horizontalpodautoscalers list'],
  input: workloadInput,
  output: z.object({
    kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']),
    images: z.array(z.string()),
    replicas: z.object({
      desired: z.number(),
      updated: z.number(),
      ready: z.number(),
      available: z.number(),
    }),
    paused: z.boolean(),
    conditions: z.array(
      z.object({
        type: z.string(),
        status: z.string(),
        reason: z.string().optional(),
        message: z.string().optional(),
      }),
    ),
    /** Finds its pods: what `listKubernetesPods` takes. */
    selector: z.string(),
    autoscaler: z.object({ name: z.string(), min: z.number(), max: z.number() }).optional(),
    keeper: z
      .string()
      .optional()
      .describe(
        'Who keeps it as it is written elsewhere, and so puts back what is changed: `Argo CD (shop)`',
      ),
    scaleMax: z
      .number()
      .optional()
      .describe('How many replicas its owner allows at most, by the annotation `baton/scale-max`'),
  }),
  example: { namespace: 'shop', deployment: 'checkout' },
  async run(input, { kubernetes, attempt: { signal } }) {
    const client = await kubernetes(input.connection);
    const workload = await readWorkload(client, input, signal);
    const { metadata, spec, status } = workload.object;
    const { namespace } = input;
    return {
      kind: workload.kind,
      images: spec?.template.spec?.containers.map(({ image }) => image ?? '') ?? [],
      replicas: replicasOf(workload),
      paused: workload.kind === 'Deployment' && workload.object.spec?.paused === true,
      conditions: (status?.conditions ?? []).map(({ type, status, reason, message }) => ({
        type,
        status,
        reason,
        message: message === undefined ? undefined : short(message),
      })),
      selector: selectorText(spec?.selector ?? {}),
      keeper: keeperOf(metadata),
      scaleMax: scaleMaxOf(metadata?.annotations?.[scaleMax]),
      autoscaler: await findAutoscaler(client, { namespace, ...workload }, signal),
    };
  },
});

/** A number of replicas; anything else says nothing. */
const scaleMaxOf = (said: string | undefined) =>
  said !== undefined && /^[1-9]\d{0,3}$/.test(said) ? Number(said) : undefined;

/** Counts that are missing are 0. */
function replicasOf(workload: Workload) {
  if (workload.kind === 'DaemonSet') {
    const { status } = workload.object;
    return {
      desired: status?.desiredNumberScheduled ?? 0,
      updated: status?.updatedNumberScheduled ?? 0,
      ready: status?.numberReady ?? 0,
      available: status?.numberAvailable ?? 0,
    };
  }
  const { spec, status } = workload.object;
  return {
    desired: spec?.replicas ?? 1,
    updated: status?.updatedReplicas ?? 0,
    ready: status?.readyReplicas ?? 0,
    available: status?.availableReplicas ?? 0,
  };
}
