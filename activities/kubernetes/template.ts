import { z } from 'zod';
import { unreadable } from '../failures.ts';
import type { Kubernetes } from './client.ts';
import { throwFailure } from './failures.ts';
import { type PageRequest, readPages } from './pages.ts';
import { selectorText } from './workload.ts';

/**
 * Templates are read as the cluster wrote them and not through the SDK's types, which drop every field that is newer than the
 * SDK: a rollback would lose it.
 */
const template = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).optional() }).default({}),
  spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string().optional() })) }),
});
export type Template = z.output<typeof template>;

const metadata = z.object({
  uid: z.string(),
  generation: z.number().default(0),
  annotations: z.record(z.string(), z.string()).default({}),
  labels: z.record(z.string(), z.string()).default({}),
  ownerReferences: z.array(z.object({ uid: z.string() })).default([]),
});
const selector = z.object({
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z
    .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).default([]) }))
    .default([]),
});
const deployment = z.object({
  metadata,
  spec: z.object({ paused: z.boolean().default(false), selector, template }),
});
const replicaSet = z.object({ metadata, spec: z.object({ template }) });
const replicaSets = z.object({
  items: z.array(replicaSet),
  metadata: z.object({ continue: z.string().optional() }).default({}),
});

type Selector = z.output<typeof selector>;

export async function readDeployment(
  { apps, request }: Kubernetes,
  named: { namespace: string; name: string },
  signal: AbortSignal,
): Promise<z.output<typeof deployment>> {
  const answer = await apps.readNamespacedDeploymentWithHttpInfo(named, request(signal)).catch(throwFailure);
  return parse(deployment, await answer.body.text());
}

export async function readReplicaSets(
  { apps, request }: Kubernetes,
  { namespace, selector }: { namespace: string; selector: Selector },
  signal: AbortSignal,
): Promise<z.output<typeof replicaSet>[]> {
  const readPage = async (page: PageRequest) => {
    const asked = { namespace, labelSelector: selectorText(selector), ...page };
    const answer = await apps.listNamespacedReplicaSetWithHttpInfo(asked, request(signal));
    const list = parse(replicaSets, await answer.body.text());
    const position = list.metadata.continue;
    return { items: list.items, metadata: position === undefined ? {} : { _continue: position } };
  };
  return (await readPages(readPage)).items;
}

function parse<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  const parsed = schema.safeParse(JSON.parse(text));
  if (!parsed.success) throw unreadable('Kubernetes');
  return parsed.data;
}
