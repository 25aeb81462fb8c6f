import type { Finding } from '../provider.ts';
import type { Ec2 } from './client.ts';
import { throwFailure } from './failures.ts';

/** Asks for some instances, which changes nothing. */
export async function checkEc2({ client, sdk }: Ec2, signal: AbortSignal): Promise<Finding[]> {
  const what = 'ec2:DescribeInstances';
  return client
    .send(new sdk.DescribeInstancesCommand({ MaxResults: 5 }), { abortSignal: signal })
    .catch(throwFailure)
    .then(
      () => [{ what, ok: true }],
      (error: Error) => [{ what, ok: false, reason: error.message }],
    );
}
