import { z } from 'zod';
import type { Looked, Plan } from '../../domain/plan.ts';
import { type ActivityContext, actor, connectionName, defineActivity } from '../activity.ts';
import { requireAllowed } from './allowed.ts';
import { asPlanned, type Seen } from './as-planned.ts';
import { throwFailure } from './failures.ts';
import { objectName } from './input.ts';

const permissions = ['nodes get', 'nodes patch'];
const targets = ({ node }: { node: string }) => [`kubernetes-node:${node}`];
const input = z.object({ connection: connectionName, actor, node: objectName });
type Input = z.output<typeof input>;
const output = z.object({ changed: z.boolean() });
type Output = z.input<typeof output>;

async function look(
  unschedulable: boolean,
  { connection, node: name }: Input,
  { kubernetes, attempt: { signal } }: ActivityContext,
): Promise<Looked<Output, Seen>> {
  const client = await kubernetes(connection);
  const { metadata, spec } = await client.core.readNode({ name }, client.request(signal)).catch(throwFailure);
  if ((spec?.unschedulable ?? false) === unschedulable) return { done: { changed: false } };
  requireAllowed(client, { kind: 'node', name, labels: metadata?.labels });
  const back = unschedulable ? 'uncordonKubernetesNode' : 'cordonKubernetesNode';
  return {
    plan: {
      summary: unschedulable
        ? `Keeps new pods off the node ${name}`
        : `Lets new pods onto the node ${name} again`,
      calls: [`PATCH /api/v1/nodes/${name} spec.unschedulable=${unschedulable}`],
      values: { uid: metadata?.uid },
      before: { unschedulable: !unschedulable },
      after: { unschedulable },
      inverse: { activity: back, input: { connection, node: name } },
      output: { changed: true },
    },
  };
}

async function act(
  unschedulable: boolean,
  plan: Plan<Output, Seen>,
  input: Input,
  context: ActivityContext,
): Promise<Output> {
  const { core, request } = await context.kubernetes(input.connection);
  const patch = async ({ values: { uid }, output }: Plan<Output, Seen>) => {
    // The kubelet writes a node's status all the time, and with it another version: the uid alone tells whether it is this node.
    const body = { metadata: { uid }, spec: { unschedulable } };
    const asked = { name: input.node, body };
    const merge = request(context.attempt.signal, 'application/merge-patch+json');
    await core.patchNode(asked, merge).catch(throwFailure);
    return output;
  };
  return asPlanned(plan, patch, () => look(unschedulable, input, context));
}

export const cordonKubernetesNode = defineActivity({
  name: 'cordonKubernetesNode',
  kind: 'change',
  provider: 'kubernetes',
  summary: 'Keeps new pods off a node; those on it stay',
  permissions,
  targets,
  input,
  output,
  example: { node: 'ip-10-0-1-17' },
  inverse: { activity: 'uncordonKubernetesNode' },
  look: (input, context) => look(true, input, context),
  act: (plan, input, context) => act(true, plan, input, context),
});

export const uncordonKubernetesNode = defineActivity({
  name: 'uncordonKubernetesNode',
  kind: 'change',
  provider: 'kubernetes',
  summary: 'Lets new pods onto a node again',
  permissions,
  targets,
  input,
  output,
  example: { node: 'ip-10-0-1-17' },
  inverse: { activity: 'cordonKubernetesNode' },
  look: (input, context) => look(false, input, context),
  act: (plan, input, context) => act(false, plan, input, context),
});
