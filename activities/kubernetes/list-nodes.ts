import type { V1Node } from '@kubernetes/client-node';
import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { labelSelector } from './input.ts';
import { readPages } from './pages.ts';
import { boundedList, short } from './text.ts';

const nodeSchema = z.object({
  name: z.string(),
  ready: z.boolean(),
  conditions: z.array(
    z.object({
      type: z.string(),
      status: z.string(),
      reason: z.string().optional(),
      message: z.string().optional(),
    }),
  ),
  taints: z.array(z.object({ key: z.string(), value: z.string().optional(), effect: z.string() })),
  unschedulable: z.boolean(),
  /** In the cluster's own units: `cpu` "3920m", `memory` "7100Mi", `pods` "58". */
  allocatable: z.record(z.string(), z.string()),
});

export const listKubernetesNodes = defineActivity({
  name: 'listKubernetesNodes',
  kind: 'read',
  provider: 'kubernetes',
  summary: 'Lists the nodes of the cluster, all or those with certain labels',
  permissions: ['nodes list'],
  input: z.object({ connection: connectionName, selector: labelSelector.optional() }),
  output: z.object({ nodes: z.array(nodeSchema), truncated: z.boolean() }),
  example: { selector: 'kubernetes.io/hostname=ip-10-0-1-17' },
  async run({ connection, selector }, { kubernetes, attempt: { signal } }) {
    const { core, request } = await kubernetes(connection);
    const filter = selector === undefined ? {} : { labelSelector: selector };
    const all = await readPages((page) => core.listNode({ ...filter, ...page }, request(signal)));
    const { items, truncated } = boundedList(all.items.map(toNode));
    return { nodes: items, truncated: truncated || all.truncated };
  },
});

function toNode({ metadata, spec, status }: V1Node): z.input<typeof nodeSchema> {
  const conditions = status?.conditions ?? [];
  return {
    name: metadata?.name ?? '',
    ready: conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
    conditions: conditions.map(({ type, status, reason, message }) => ({
      type,
      status,
      reason,
      message: message === undefined ? undefined : short(message),
    })),
    taints: (spec?.taints ?? []).map(({ key, value, effect }) => ({ key, value, effect })),
    unschedulable: spec?.unschedulable ?? false,
    allocatable: status?.allocatable ?? {},
  };
}
