import type { V2HorizontalPodAutoscaler } from '@kubernetes/client-node';
import type { Kubernetes } from './client.ts';
import { readPages } from './pages.ts';
import type { WorkloadKind } from './workload.ts';

/** Who else sets the replicas of a workload, if anyone does. */
export async function findAutoscaler(
  { autoscaling, request }: Kubernetes,
  { namespace, kind, name }: { namespace: string; kind: WorkloadKind; name: string },
  signal: AbortSignal,
): Promise<{ name: string; min: number; max: number } | undefined> {
  const { items } = await readPages((page) =>
    autoscaling.listNamespacedHorizontalPodAutoscaler({ namespace, ...page }, request(signal)),
  );
  const scales = ({ spec }: V2HorizontalPodAutoscaler) =>
    spec?.scaleTargetRef.kind === kind && spec.scaleTargetRef.name === name;
  const found = items.find(scales);
  if (!found?.spec) return undefined;
  return {
    name: found.metadata?.name ?? '',
    min: found.spec.minReplicas ?? 1,
    max: found.spec.maxReplicas,
  };
}
