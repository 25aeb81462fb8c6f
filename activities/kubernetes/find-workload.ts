import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import type { Kubernetes } from './client.ts';
import { refusalOf, throwFailure } from './failures.ts';
import { labelName, objectName } from './input.ts';
import { selectorText } from './workload.ts';

const kind = z.enum(['Deployment', 'StatefulSet', 'DaemonSet', 'Job']);
const workload = z.object({
  kind,
  name: z.string(),
  /** Finds its pods: what `listKubernetesPods` takes. */
  selector: z.string(),
});

/** The first of the candidates that the cluster has. Names in alerts are often a pod's that is gone, or say no kind. */
export const findKubernetesWorkload = defineActivity({
  name: 'findKubernetesWorkload',
  kind: 'read',
  provider: 'kubernetes',
  summary: 'Finds the first that exists of several deployments, stateful sets, daemon sets and jobs',
  permissions: ['apps/deployments get', 'apps/statefulsets get', 'apps/daemonsets get', 'pods list'],
  input: z.object({
    connection: connectionName,
    namespace: labelName,
    candidates: z
      .array(z.object({ kind, name: objectName }))
      .min(1)
      .max(20),
  }),
  output: z.object({ workload: workload.optional() }),
  example: { namespace: 'shop', candidates: [{ kind: 'Deployment', name: 'checkout' }] },
  async run({ connection, namespace, candidates }, { kubernetes, attempt: { signal } }) {
    const client = await kubernetes(connection);
    for (const { kind, name } of candidates) {
      const selector = await selectorOf(client, { kind, namespace, name }, signal);
      if (selector !== undefined) return { workload: { kind, name, selector } };
    }
    return {};
  },
});

interface Candidate {
  kind: z.output<typeof kind>;
  namespace: string;
  name: string;
}

/** Undefined where there is no such workload. */
async function selectorOf(client: Kubernetes, candidate: Candidate, signal: AbortSignal) {
  if (candidate.kind === 'Job') return jobSelector(client, candidate, signal);
  try {
    const { spec } = await readOne(client, candidate, signal);
    return selectorText(spec?.selector ?? {});
  } catch (error) {
    if (refusalOf(error)?.status === 404) return undefined;
    return throwFailure(error);
  }
}

function readOne({ apps, request }: Kubernetes, { kind, namespace, name }: Candidate, signal: AbortSignal) {
  const named = { namespace, name };
  switch (kind) {
    case 'Deployment':
      return apps.readNamespacedDeployment(named, request(signal));
    case 'StatefulSet':
      return apps.readNamespacedStatefulSet(named, request(signal));
    default:
      return apps.readNamespacedDaemonSet(named, request(signal));
  }
}

/** The job itself may be gone before its pods, and reading it would take one right more. Labels end after 63 characters. */
async function jobSelector(
  { core, request }: Kubernetes,
  { namespace, name }: Candidate,
  signal: AbortSignal,
) {
  if (name.length > 63) return undefined;
  const selector = `job-name=${name}`;
  const asked = { namespace, labelSelector: selector, limit: 1 };
  const { items } = await core.listNamespacedPod(asked, request(signal)).catch(throwFailure);
  return items.length > 0 ? selector : undefined;
}
