import { describe, expect, it } from 'vitest';
import { scaleKubernetesDeployment } from '../../../activities/kubernetes/scale-deployment.ts';
import { dryRunOf } from '../plan.ts';
import { startCluster } from './cluster.ts';

describe('Kubernetes, asked whether it would do it', () => {
  const scale = { namespace: 'shop', deployment: 'checkout', replicas: 7 };

  it('tells the right that is missing, and why a webhook refuses', async () => {
    const { run, simulator } = await startCluster();
    simulator.world.granted = ['apps/deployments get', 'autoscaling/horizontalpodautoscalers list'];
    expect(await dryRunOf(run, scaleKubernetesDeployment, scale)).toEqual({
      outcome: 'refused',
      said: expect.stringMatching(
        /^Kubernetes would refuse it: .*cannot patch resource "deployments\/scale"/,
      ),
    });
    simulator.world.granted = null;
    simulator.world.refusedByWebhook = { deployments: 'nothing is scaled on a Friday' };
    expect(await dryRunOf(run, scaleKubernetesDeployment, scale)).toEqual({
      outcome: 'refused',
      said: 'Kubernetes would refuse it: admission webhook "policy.example.com" denied the request: nothing is scaled on a Friday',
    });
  });

  it('tells what it would be then where a webhook makes something else of it', async () => {
    const { run, simulator } = await startCluster();
    const answer = { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: {}, spec: { replicas: 5 } };
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(answer);
    simulator.fail({ kind: 'status', status: 200, match: 'dryRun=All', headers, body });
    expect(await dryRunOf(run, scaleKubernetesDeployment, scale)).toEqual({
      outcome: 'accepted',
      said: 'Kubernetes would do it, and it would be {"replicas":5} then',
      after: { replicas: 5 },
    });
  });

  it.each([
    [400, 'admission webhook "x" does not support dry run'],
    [429, 'too many requests'],
    [500, 'failed calling webhook "x"'],
  ])('is not heard where its answer says nothing of the change: %i %s', async (status, message) => {
    const { run, simulator } = await startCluster();
    const body = JSON.stringify({ kind: 'Status', message, code: status });
    const headers = { 'content-type': 'application/json' };
    simulator.fail({ kind: 'status', status, match: 'dryRun=All', headers, body });
    await expect(dryRunOf(run, scaleKubernetesDeployment, scale)).rejects.toMatchObject({
      message: expect.stringContaining(message),
    });
  });
});
