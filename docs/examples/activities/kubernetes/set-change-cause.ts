import { z } from 'zod';
import { defineActivity } from '../../../../activities/activity.ts';
import { throwFailure } from '../../../../activities/kubernetes/failures.ts';
import { changeFields, objectName } from '../../../../activities/kubernetes/input.ts';

/** `kubectl rollout history` shows it beside the revision. */
const changeCause = 'kubernetes.io/change-cause';

/** Reads first, so that a repeat finds its own text there and changes nothing. */
export const setKubernetesChangeCause = defineActivity({
  name: 'setKubernetesChangeCause',
  kind: 'change',
  provider: 'kubernetes',
  summary: 'Notes on a deployment why it is changed',
  permissions: ['apps/deployments get', 'apps/deployments patch'],
  input: z.object({ ...changeFields, deployment: objectName, cause: z.string().min(1).max(1000) }),
  output: z.object({ changed: z.boolean() }),
  async run({ connection, namespace, deployment: name, cause }, { kubernetes, attempt: { signal } }) {
    const { apps, request } = await kubernetes(connection);
    const { metadata } = await apps
      .readNamespacedDeployment({ namespace, name }, request(signal))
      .catch(throwFailure);
    if (metadata?.annotations?.[changeCause] === cause) return { changed: false };
    const body = { metadata: { annotations: { [changeCause]: cause } } };
    const merge = request(signal, 'application/strategic-merge-patch+json');
    await apps
      .patchNamespacedDeployment({ namespace, name, body, fieldManager: 'baton' }, merge)
      .catch(throwFailure);
    return { changed: true };
  },
});
