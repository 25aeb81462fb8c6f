import { describe, expect, it } from 'vitest';
import { startCluster } from '../../../../../test/activities/kubernetes/cluster.ts';
import { setKubernetesChangeCause } from '../../../activities/kubernetes/set-change-cause.ts';

const input = { namespace: 'shop', deployment: 'checkout', cause: 'Incident 4211: memory runs out' };

describe('the change cause of a deployment', () => {
  it('is written once, however often it is tried', async () => {
    const { run, simulator } = await startCluster();
    expect(await run(setKubernetesChangeCause, input)).toEqual({ changed: true });
    expect(await run(setKubernetesChangeCause, input, { number: 2 })).toEqual({ changed: false });
    expect(simulator.calls.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
  });

  it('is refused where there is no such deployment', async () => {
    const { run } = await startCluster();
    await expect(run(setKubernetesChangeCause, { ...input, deployment: 'nowhere' })).rejects.toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
    });
  });
});
