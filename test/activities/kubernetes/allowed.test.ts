import { describe, expect, it } from 'vitest';
import { cordonKubernetesNode } from '../../../activities/kubernetes/cordon-node.ts';
import { deleteKubernetesPod } from '../../../activities/kubernetes/delete-pod.ts';
import {
  restartKubernetesDaemonSet,
  restartKubernetesDeployment,
  restartKubernetesStatefulSet,
} from '../../../activities/kubernetes/restart-workload.ts';
import { rollBackKubernetesDeployment } from '../../../activities/kubernetes/roll-back-deployment.ts';
import { scaleKubernetesDeployment } from '../../../activities/kubernetes/scale-deployment.ts';
import { failureOf } from '../run.ts';
import { effects, startCluster } from './cluster.ts';

const namespace = 'shop';
const at = '2026-11-21T10:00:00.000Z';
type Cluster = Awaited<ReturnType<typeof startCluster>>;

function podOf({ simulator }: Cluster, app: string) {
  const pod = simulator.world.pods.find(({ metadata }) => metadata.labels?.app === app);
  if (!pod) throw new Error(`no pod of ${app}`);
  return pod;
}

/** Each change, what it is called, and how its object is found in the simulated cluster. */
const changes: [
  string,
  (cluster: Cluster) => Promise<unknown>,
  (cluster: Cluster) => { metadata: { labels?: Record<string, string> } } | undefined,
][] = [
  [
    'deployment shop/checkout',
    ({ run }) => run(restartKubernetesDeployment, { namespace, deployment: 'checkout', at }),
    ({ simulator }) => simulator.world.deployments[0],
  ],
  [
    'statefulset shop/carts',
    ({ run }) => run(restartKubernetesStatefulSet, { namespace, statefulSet: 'carts', at }),
    ({ simulator }) => simulator.world.statefulsets[0],
  ],
  [
    'daemonset shop/log-collector',
    ({ run }) => run(restartKubernetesDaemonSet, { namespace, daemonSet: 'log-collector', at }),
    ({ simulator }) => simulator.world.daemonsets[0],
  ],
  [
    'deployment shop/checkout',
    ({ run }) => run(scaleKubernetesDeployment, { namespace, deployment: 'checkout', replicas: 5 }),
    ({ simulator }) => simulator.world.deployments[0],
  ],
  [
    'deployment shop/checkout',
    ({ run }) => run(rollBackKubernetesDeployment, { namespace, deployment: 'checkout' }),
    ({ simulator }) => simulator.world.deployments[0],
  ],
  [
    'pod shop/carts-0',
    (cluster) => {
      const { metadata } = podOf(cluster, 'carts');
      return cluster.run(deleteKubernetesPod, { namespace, pod: metadata.name, uid: metadata.uid });
    },
    (cluster) => podOf(cluster, 'carts'),
  ],
  [
    'node ip-10-0-1-17',
    ({ run }) => run(cordonKubernetesNode, { node: 'ip-10-0-1-17' }),
    ({ simulator }) => simulator.world.nodes[0],
  ],
];

async function startWithout(list: string) {
  const cluster = await startCluster({ KUBERNETES_NAMESPACES: list });
  for (const node of cluster.simulator.world.nodes) node.metadata.labels = {};
  return cluster;
}

describe('a change in the cluster, whoever calls it', () => {
  it.each(changes)('is refused for good where nothing allows it: %s (%#)', async (what, change) => {
    for (const list of ['', ' , ', 'shop-2,sho', 'kube-system']) {
      const cluster = await startWithout(list);
      expect(await failureOf(change(cluster))).toMatchObject({
        type: 'InvalidInput',
        nonRetryable: true,
        message: expect.stringMatching(
          new RegExp(`${what} may not be changed .*baton/restart=allowed.*by hand`),
        ),
        details: [{ effect: 'none' }],
      });
      expect(effects(cluster.simulator)).toEqual([]);
    }
  });

  it.each(changes)('is made where the object is labelled for it: %s (%#)', async (_, change, find) => {
    const cluster = await startWithout('');
    const object = find(cluster);
    if (object) object.metadata.labels = { ...object.metadata.labels, 'baton/restart': 'allowed' };
    await change(cluster);
    expect(effects(cluster.simulator)).toHaveLength(1);
  });

  it.each(changes)('is refused where the label says something else: %s (%#)', async (_, change, find) => {
    const cluster = await startWithout('');
    const object = find(cluster);
    if (object) object.metadata.labels = { ...object.metadata.labels, 'baton/restart': 'denied' };
    expect(await failureOf(change(cluster))).toMatchObject({ type: 'InvalidInput' });
    expect(effects(cluster.simulator)).toEqual([]);
  });

  it.each(changes)('is made where all namespaces are allowed: %s (%#)', async (_, change) => {
    const cluster = await startWithout('*');
    await change(cluster);
    expect(effects(cluster.simulator)).toHaveLength(1);
  });

  it('is made in each of the namespaces that are listed', async () => {
    const cluster = await startWithout('search, shop');
    await cluster.run(restartKubernetesDeployment, { namespace, deployment: 'checkout', at });
    expect(effects(cluster.simulator)).toEqual(['deployment restarted']);
  });

  it('looks again where the object was replaced between look and change, and then asks anew', async () => {
    const cluster = await startWithout('');
    const [deployment] = cluster.simulator.world.deployments;
    if (!deployment) throw new Error('no deployment');
    deployment.metadata.labels = { 'baton/restart': 'allowed' };
    const { push } = cluster.simulator.calls;
    cluster.simulator.calls.push = (...calls) => {
      if (calls.some(({ method }) => method === 'PATCH'))
        deployment.metadata = { ...deployment.metadata, uid: 'another', resourceVersion: '9999', labels: {} };
      return push.apply(cluster.simulator.calls, calls);
    };
    const restart = cluster.run(restartKubernetesDeployment, { namespace, deployment: 'checkout', at });
    expect(await failureOf(restart)).toMatchObject({ type: 'InvalidInput' });
    expect(effects(cluster.simulator)).toEqual([]);
  });
});

describe('what a deletion of a pod acts on', () => {
  const targets = (pod: string) =>
    deleteKubernetesPod.targets?.({ connection: 'default', namespace, pod, uid: 'u' });
  it.each([
    [
      'checkout-7d9f8c6b5-x2x4q',
      restartKubernetesDeployment.targets?.({ connection: 'default', namespace, deployment: 'checkout', at }),
    ],
    [
      'carts-0',
      restartKubernetesStatefulSet.targets?.({ connection: 'default', namespace, statefulSet: 'carts', at }),
    ],
    [
      'log-collector-x2x4q',
      restartKubernetesDaemonSet.targets?.({
        connection: 'default',
        namespace,
        daemonSet: 'log-collector',
        at,
      }),
    ],
  ])('is its owner too, as a restart calls it: %s', (pod, owner) => {
    expect(targets(pod)).toEqual(
      expect.arrayContaining([`kubernetes:shop/pod/${pod}`, ...(owner ?? ['missing'])]),
    );
  });

  it('is a pod that stands alone by itself', () => {
    expect(targets('migrate')).toEqual(['kubernetes:shop/pod/migrate']);
  });
});
