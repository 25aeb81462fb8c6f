import type { Finding } from '../provider.ts';
import type { Kubernetes } from './client.ts';
import { throwFailure } from './failures.ts';

/** Asks the cluster whether it lets us read pods, which changes nothing. */
export async function checkKubernetes(
  { authorization, request }: Kubernetes,
  signal: AbortSignal,
): Promise<Finding[]> {
  const what = 'pods list';
  const body = { spec: { resourceAttributes: { verb: 'list', resource: 'pods' } } };
  return authorization
    .createSelfSubjectAccessReview({ body }, request(signal))
    .catch(throwFailure)
    .then(
      ({ status }) => [
        status?.allowed
          ? { what, ok: true }
          : { what, ok: false, reason: status?.reason ?? 'no role allows it' },
      ],
      (error: Error) => [{ what, ok: false, reason: error.message }],
    );
}
