import type { V1DaemonSet, V1Deployment, V1StatefulSet } from '@kubernetes/client-node';
import { z } from 'zod';
import type { Workload } from './workload.ts';

export const rolloutSchema = z.object({
  complete: z.boolean(),
  /** It will not complete by itself. */
  failed: z.boolean().optional(),
  reason: z.string(),
});
export type Rollout = z.output<typeof rolloutSchema>;

const complete = (reason: string): Rollout => ({ complete: true, reason });
const going = (reason: string): Rollout => ({ complete: false, reason });
const failed = (reason: string): Rollout => ({ complete: false, failed: true, reason });

/**
 * How far the newest template has come, by the counts in the status, which mean something only once the controller has seen
 * this generation. The same rules as `kubectl rollout status`.
 */
export function rolloutOf(workload: Workload): Rollout {
  const { metadata, status } = workload.object;
  if ((metadata?.generation ?? 0) > (status?.observedGeneration ?? 0))
    return going('the change has not been observed yet');
  switch (workload.kind) {
    case 'Deployment':
      return deploymentRollout(workload.object);
    case 'StatefulSet':
      return statefulSetRollout(workload.object);
    case 'DaemonSet':
      return daemonSetRollout(workload.object);
  }
}

function deploymentRollout({ spec, status }: V1Deployment): Rollout {
  const wanted = spec?.replicas ?? 1;
  const { updatedReplicas: updated = 0, replicas = 0, availableReplicas: available = 0 } = status ?? {};
  if (spec?.paused) return failed('the deployment is paused');
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') return failed('its progress deadline has passed');
  if (updated < wanted) return going(`${updated} of ${wanted} replicas are updated`);
  if (replicas > updated) return going(`${replicas - updated} old replicas are still ending`);
  if (available < updated) return going(`${available} of ${updated} updated replicas are available`);
  return complete(`all ${wanted} replicas are updated and available`);
}

function statefulSetRollout({ spec, status }: V1StatefulSet): Rollout {
  if (spec?.updateStrategy?.type === 'OnDelete')
    return failed('its pods are updated only when they are deleted');
  const wanted = spec?.replicas ?? 1;
  const { readyReplicas: ready = 0, updatedReplicas: updated = 0 } = status ?? {};
  if (ready < wanted) return going(`${ready} of ${wanted} replicas are ready`);
  const partition = spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  if (partition > 0) {
    const due = Math.max(wanted - partition, 0);
    if (updated < due) return going(`${updated} of ${due} replicas above the partition are updated`);
    return complete(`the ${due} replicas above the partition are updated`);
  }
  if (status?.updateRevision !== status?.currentRevision)
    return going(`${updated} of ${wanted} replicas are updated`);
  return complete(`all ${wanted} replicas are updated and ready`);
}

function daemonSetRollout({ spec, status }: V1DaemonSet): Rollout {
  if (spec?.updateStrategy?.type === 'OnDelete')
    return failed('its pods are updated only when they are deleted');
  const wanted = status?.desiredNumberScheduled ?? 0;
  const { updatedNumberScheduled: updated = 0, numberAvailable: available = 0 } = status ?? {};
  if (updated < wanted) return going(`${updated} of ${wanted} pods are updated`);
  if (available < wanted) return going(`${available} of ${wanted} pods are available`);
  return complete(`all ${wanted} pods are updated and available`);
}
