import { z } from 'zod';
import type { Looked, Plan } from '../../domain/plan.ts';
import { type ActivityContext, actor, connectionName, defineActivity } from '../activity.ts';
import { requireAllowed } from './allowed.ts';
import { asPlanned, type Seen } from './as-planned.ts';
import { all, dryRun } from './dry-run.ts';
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

/** The kubelet writes a node's status all the time, and with it another version: the uid alone tells whether it is this node. */
async function patchNode(
  unschedulable: boolean,
  { connection, node: name }: Input,
  uid: string | undefined,
  { kubernetes, attempt: { signal } }: ActivityContext,
  options: { dryRun?: typeof all } = {},
) {
  const { core, request } = await kubernetes(connection);
  const body = { metadata: { uid }, spec: { unschedulable } };
  const merge = request(signal, 'application/merge-patch+json');
  return core.patchNode({ name, body, ...options }, merge);
}

const askDry = (unschedulable: boolean, plan: Plan<Output, Seen>, input: Input, context: ActivityContext) =>
  dryRun(plan, async () => {
    const { spec } = await patchNode(unschedulable, input, plan.values.uid, context, { dryRun: all });
    return { unschedulable: spec?.unschedulable ?? false };
  });

async function act(
  unschedulable: boolean,
  plan: Plan<Output, Seen>,
  input: Input,
  context: ActivityContext,
): Promise<Output> {
  const patch = async ({ values: { uid }, output }: Plan<Output, Seen>) => {
    await patchNode(unschedulable, input, uid, context).catch(throwFailure);
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
  dryRun: (plan, input, context) => askDry(true, plan, input, context),
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
  dryRun: (plan, input, context) => askDry(false, plan, input, context),
  act: (plan, input, context) => act(false, plan, input, context),
});
