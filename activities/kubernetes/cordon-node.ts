import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { requireAllowed } from './allowed.ts';
import type { Kubernetes } from './client.ts';
import { againAfterConflict, throwFailure } from './failures.ts';
import { objectName } from './input.ts';

const permissions = ['nodes get', 'nodes patch'];
const targets = ({ node }: { node: string }) => [`kubernetes-node:${node}`];
const input = z.object({ connection: connectionName, actor, node: objectName });
const output = z.object({ changed: z.boolean() });

async function setUnschedulable(
  client: Kubernetes,
  { name, unschedulable }: { name: string; unschedulable: boolean },
  signal: AbortSignal,
): Promise<z.input<typeof output>> {
  const { core, request } = client;
  return againAfterConflict(async () => {
    const { metadata, spec } = await core.readNode({ name }, request(signal)).catch(throwFailure);
    if ((spec?.unschedulable ?? false) === unschedulable) return { changed: false };
    requireAllowed(client, { kind: 'node', name, labels: metadata?.labels });
    // The kubelet writes a node's status all the time, and with it another version: the uid alone tells whether it is this node.
    const body = { metadata: { uid: metadata?.uid }, spec: { unschedulable } };
    const asked = { name, body, fieldManager: 'baton' };
    await core.patchNode(asked, request(signal, 'application/merge-patch+json')).catch(throwFailure);
    return { changed: true };
  });
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
  async run({ connection, node }, { kubernetes, attempt: { signal } }) {
    return setUnschedulable(await kubernetes(connection), { name: node, unschedulable: true }, signal);
  },
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
  async run({ connection, node }, { kubernetes, attempt: { signal } }) {
    return setUnschedulable(await kubernetes(connection), { name: node, unschedulable: false }, signal);
  },
});
