import { z } from 'zod';
import { defineActivity } from '../../../../activities/activity.ts';
import { throwFailure } from '../../../../activities/kubernetes/failures.ts';
import { changeFields, objectName } from '../../../../activities/kubernetes/input.ts';
import type { Inverse } from '../../../../domain/plan.ts';

/** `kubectl rollout history` shows it beside the revision. */
const changeCause = 'kubernetes.io/change-cause';

/** The look finds the text of an earlier attempt there, so that a repeat changes nothing. */
export const setKubernetesChangeCause = defineActivity({
  name: 'setKubernetesChangeCause',
  kind: 'change',
  provider: 'kubernetes',
  summary: 'Notes on a deployment why it is changed',
  permissions: ['apps/deployments get', 'apps/deployments patch'],
  input: z.object({ ...changeFields, deployment: objectName, cause: z.string().min(1).max(1000) }),
  output: z.object({ changed: z.boolean() }),
  example: { namespace: 'shop', deployment: 'checkout', cause: 'Incident 4211: memory runs out' },
  async look({ connection, namespace, deployment: name, cause }, { kubernetes, attempt: { signal } }) {
    const { apps, request } = await kubernetes(connection);
    const { metadata } = await apps
      .readNamespacedDeployment({ namespace, name }, request(signal))
      .catch(throwFailure);
    const before = metadata?.annotations?.[changeCause];
    if (before === cause) return { done: { changed: false } };
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
    const inverse: Inverse = before
      ? {
          activity: 'setKubernetesChangeCause',
          input: { connection, namespace, deployment: name, cause: before },
        }
      : { none: 'there was no note before' };
    return {
      plan: {
        summary: `Notes on ${namespace}/${name} why it is changed: ${cause}`,
        calls: [`PATCH ${path} metadata.annotations[${changeCause}]`],
        values: {},
        ...(before === undefined ? {} : { before: { cause: before } }),
        after: { cause },
        inverse,
        output: { changed: true },
      },
    };
  },
  async act(_, { connection, namespace, deployment: name, cause }, { kubernetes, attempt: { signal } }) {
    const { apps, request } = await kubernetes(connection);
    const body = { metadata: { annotations: { [changeCause]: cause } } };
    const merge = request(signal, 'application/strategic-merge-patch+json');
    await apps.patchNamespacedDeployment({ namespace, name, body }, merge).catch(throwFailure);
    return { changed: true };
  },
});
