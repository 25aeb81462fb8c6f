import { describe, expect, it } from 'vitest';
import { cordonKubernetesNode, uncordonKubernetesNode } from '../../../activities/kubernetes/cordon-node.ts';
import { deleteKubernetesPod } from '../../../activities/kubernetes/delete-pod.ts';
import { listKubernetesPods } from '../../../activities/kubernetes/list-pods.ts';
import { failureOf } from '../run.ts';
import { effects, startCluster } from './cluster.ts';

const namespace = 'shop';

async function startWithPod(name: string) {
  const cluster = await startCluster();
  const pod = cluster.simulator.world.pods.find(({ metadata }) => metadata.labels?.app === name);
  if (!pod) throw new Error(`no pod of ${name}`);
  return { ...cluster, pod, named: { namespace, pod: pod.metadata.name, uid: pod.metadata.uid } };
}

describe('deleteKubernetesPod', () => {
  it('deletes the pod, which its owner replaces', async () => {
    const { run, pass, simulator, named } = await startWithPod('checkout');
    expect(await run(deleteKubernetesPod, { ...named, graceSeconds: 5 })).toEqual({ changed: true });
    pass(60);
    const { pods } = await run(listKubernetesPods, { namespace, selector: 'app=checkout' });
    expect(pods).toHaveLength(3);
    expect(pods.map(({ uid }) => uid)).not.toContain(named.uid);
    expect(simulator.ledger).toMatchObject([
      { effect: 'pod deleted', key: named.uid, detail: { gracePeriodSeconds: 5 } },
    ]);
  });

  it('deletes once when the answer was lost', async () => {
    const { run, simulator, named } = await startWithPod('checkout');
    simulator.fail({ kind: 'cut-after', match: 'DELETE' });
    expect(await failureOf(run(deleteKubernetesPod, named))).toMatchObject({ type: 'ProviderUnavailable' });
    expect(await run(deleteKubernetesPod, named, { number: 2 })).toEqual({ changed: false });
    expect(effects(simulator)).toEqual(['pod deleted']);
  });

  it('never deletes what has replaced the pod under its name', async () => {
    const { run, pass, simulator, named } = await startWithPod('carts');
    await run(deleteKubernetesPod, named);
    pass(60);
    const { pods } = await run(listKubernetesPods, { namespace, selector: 'app=carts' });
    expect(pods.map(({ name }) => name)).toContain(named.pod);
    expect(await run(deleteKubernetesPod, named, { number: 2 })).toEqual({ changed: false });
    expect(effects(simulator)).toHaveLength(1);
  });

  it('leaves the replacement alone that appears between look and deletion', async () => {
    const { run, simulator, pod, named } = await startWithPod('carts');
    const { push } = simulator.calls;
    simulator.calls.push = (...calls) => {
      if (calls.some(({ method }) => method === 'DELETE')) pod.metadata.uid = 'another';
      return push.apply(simulator.calls, calls);
    };
    expect(await run(deleteKubernetesPod, named)).toEqual({ changed: false });
    expect(effects(simulator)).toEqual([]);
  });

  it('is a conflict where the cluster says so and the pod is still there', async () => {
    const { run, simulator, named } = await startWithPod('carts');
    simulator.fail({ kind: 'status', status: 409, match: 'DELETE' });
    expect(await failureOf(run(deleteKubernetesPod, named))).toMatchObject({ type: 'Conflict' });
  });
});

describe('cordonKubernetesNode', () => {
  const node = 'ip-10-0-1-17';

  it('keeps pods off the node, once, until it is uncordoned', async () => {
    const { run, simulator } = await startCluster();
    simulator.fail({ kind: 'cut-after', match: 'PATCH' });
    expect(await failureOf(run(cordonKubernetesNode, { node }))).toMatchObject({
      type: 'ProviderUnavailable',
    });
    expect(await run(cordonKubernetesNode, { node }, { number: 2 })).toEqual({ changed: false });
    expect(simulator.world.nodes[0]?.spec.unschedulable).toBe(true);
    expect(await run(uncordonKubernetesNode, { node })).toEqual({ changed: true });
    expect(await run(uncordonKubernetesNode, { node })).toEqual({ changed: false });
    expect(effects(simulator)).toEqual(['node cordoned', 'node uncordoned']);
  });

  it('fails for a node that is not there', async () => {
    const { run } = await startCluster();
    expect(await failureOf(run(cordonKubernetesNode, { node: 'gone' }))).toMatchObject({
      type: 'ProviderRefused',
      message: 'Kubernetes refused (404): nodes "gone" not found',
    });
  });
});
