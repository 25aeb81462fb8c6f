import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import { requireAllowed } from './allowed.ts';
import { findAutoscaler } from './autoscaler.ts';
import { againAfterConflict, throwFailure } from './failures.ts';
import { changeFields, objectName, target } from './input.ts';

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
  input: z.object({ ...changeFields, deployment: objectName, replicas: z.number().int().min(0).max(10_000) }),
  output: z.object({ changed: z.boolean(), before: z.number(), after: z.number() }),
  async run({ connection, namespace, deployment, replicas }, { kubernetes, attempt: { signal } }) {
    const client = await kubernetes(connection);
    const { apps, request } = client;
    const named = { namespace, name: deployment };
    return againAfterConflict(async () => {
      const { metadata, spec } = await apps
        .readNamespacedDeployment(named, request(signal))
        .catch(throwFailure);
      requireAllowed(client, { kind: 'deployment', ...named, labels: metadata?.labels });
      const before = spec?.replicas ?? 1;
      if (before === replicas) return { changed: false, before, after: replicas };
      const autoscaler = await findAutoscaler(client, { ...named, kind: 'Deployment' }, signal);
      if (autoscaler)
        throw conflict('Kubernetes', `autoscaler ${autoscaler.name} sets the replicas of ${deployment}`);
      // Another version is another deployment, or one that somebody has just changed: 409.
      const body = { metadata: { resourceVersion: metadata?.resourceVersion }, spec: { replicas } };
      const scale = { ...named, body, fieldManager: 'baton' };
      const merge = request(signal, 'application/merge-patch+json');
      await apps.patchNamespacedDeploymentScale(scale, merge).catch(throwFailure);
      return { changed: true, before, after: replicas };
    });
  },
});
