import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { labelName, labelSelector, objectName } from './input.ts';
import { readPages } from './pages.ts';
import { boundedList, short } from './text.ts';

const lastState = z.object({
  reason: z.string().optional(),
  exitCode: z.number(),
  finishedAt: z.string().optional(),
  message: z.string().optional(),
});

const container = z.object({
  name: z.string(),
  ready: z.boolean(),
  restarts: z.number(),
  /** Why it is not running: `CrashLoopBackOff`, `ImagePullBackOff`, … */
  waiting: z.string().optional(),
  /** How it ended the last time. */
  lastState: lastState.optional(),
  init: z.boolean().optional(),
});

const podSchema = z.object({
  name: z.string(),
  uid: z.string(),
  phase: z.string(),
  ready: z.boolean(),
  /** Of all its containers together. */
  restarts: z.number(),
  /** Of the container that was restarted most often. */
  lastState: lastState.optional(),
  node: z.string().optional(),
  startedAt: z.string().optional(),
  images: z.array(z.string()),
  containers: z.array(container),
  owner: z.object({ kind: z.string(), name: z.string() }).optional(),
  deleting: z.boolean().optional(),
});

export const listKubernetesPods = defineActivity({
  name: 'listKubernetesPods',
  kind: 'read',
  provider: 'kubernetes',
  summary: 'Lists the pods of a namespace: all, those with certain labels, or the one of a name',
  permissions: ['pods list'],
  input: z.object({
    connection: connectionName,
    namespace: labelName,
    selector: labelSelector.optional(),
    name: objectName.optional(),
  }),
  output: z.object({ pods: z.array(podSchema), truncated: z.boolean() }),
  example: { namespace: 'shop', selector: 'app=checkout' },
  async run({ connection, namespace, selector, name }, { kubernetes, attempt: { signal } }) {
    const { core, request } = await kubernetes(connection);
    const filter = {
      ...(selector === undefined ? {} : { labelSelector: selector }),
      ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
    };
    const all = await readPages((page) =>
      core.listNamespacedPod({ namespace, ...filter, ...page }, request(signal)),
    );
    const { items, truncated } = boundedList(all.items.map(toPod));
    return { pods: items, truncated: truncated || all.truncated };
  },
});

function toPod({ metadata, spec, status }: V1Pod): z.input<typeof podSchema> {
  const containers = [
    ...(status?.initContainerStatuses ?? []).map((each) => ({ ...toContainer(each), init: true })),
    ...(status?.containerStatuses ?? []).map(toContainer),
  ];
  const mostRestarted = containers.toSorted((a, b) => b.restarts - a.restarts)[0];
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    phase: status?.phase ?? 'Unknown',
    ready: status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    restarts: containers.reduce((sum, { restarts }) => sum + restarts, 0),
    lastState: mostRestarted?.lastState,
    node: spec?.nodeName,
    startedAt: status?.startTime?.toISOString(),
    images: spec?.containers.map(({ image }) => image ?? '') ?? [],
    containers,
    owner: owner && { kind: owner.kind, name: owner.name },
    deleting: metadata?.deletionTimestamp ? true : undefined,
  };
}

function toContainer({ name, ready, restartCount, state, lastState }: V1ContainerStatus) {
  // Between its end and the next start, and where there is no next one, the end is the present state.
  const present = state?.terminated?.exitCode ? state.terminated : undefined;
  const ended = present ?? lastState?.terminated;
  return {
    name,
    ready,
    restarts: restartCount,
    waiting: state?.waiting?.reason,
    lastState: ended && {
      reason: ended.reason,
      exitCode: ended.exitCode,
      finishedAt: ended.finishedAt?.toISOString(),
      message: ended.message === undefined ? undefined : short(ended.message),
    },
  };
}
