import { describe, expect, it } from 'vitest';
import type { AnyChange } from '../../../activities/activity.ts';
import { cordonKubernetesNode, uncordonKubernetesNode } from '../../../activities/kubernetes/cordon-node.ts';
import { deleteKubernetesPod } from '../../../activities/kubernetes/delete-pod.ts';
import {
  restartKubernetesDaemonSet,
  restartKubernetesDeployment,
  restartKubernetesStatefulSet,
} from '../../../activities/kubernetes/restart-workload.ts';
import { rollBackKubernetesDeployment } from '../../../activities/kubernetes/roll-back-deployment.ts';
import { scaleKubernetesDeployment } from '../../../activities/kubernetes/scale-deployment.ts';
import { actBy, dryRunOf, planOf } from '../plan.ts';
import { failureOf } from '../run.ts';
import { effects, startCluster } from './cluster.ts';

const namespace = 'shop';
const at = '2026-11-21T10:00:00.000Z';
const node = 'ip-10-0-1-17';
const deployment = 'checkout';
const apps = '/apis/apps/v1/namespaces/shop';
const restartedAt = `spec.template.metadata.annotations[kubectl.kubernetes.io/restartedAt]=${at}`;
const [oldImage, newImage] = ['shop/checkout:1.41.0', 'shop/checkout:1.42.0'];
const connection = 'default';
type Cluster = Awaited<ReturnType<typeof startCluster>>;

const changes: {
  activity: AnyChange;
  input: Record<string, unknown>;
  plan: Record<string, unknown>;
  effect: string;
}[] = [
  {
    activity: restartKubernetesDeployment,
    input: { namespace, deployment, at },
    plan: {
      summary: 'Replaces the pods of deployment shop/checkout, one after the other',
      calls: [`PATCH ${apps}/deployments/checkout ${restartedAt}`],
      before: { images: [newImage] },
      after: { images: [newImage], restartedAt: at },
      inverse: { none: 'pods that were replaced do not come back' },
      output: { changed: true, generation: 3 },
    },
    effect: 'deployment restarted',
  },
  {
    activity: restartKubernetesStatefulSet,
    input: { namespace, statefulSet: 'carts', at },
    plan: {
      summary: 'Replaces the pods of statefulset shop/carts, one after the other',
      calls: [`PATCH ${apps}/statefulsets/carts ${restartedAt}`],
      before: { images: ['shop/carts:5.0.2'] },
      output: { changed: true, generation: 2 },
    },
    effect: 'statefulset restarted',
  },
  {
    activity: restartKubernetesDaemonSet,
    input: { namespace, daemonSet: 'log-collector', at },
    plan: {
      calls: [`PATCH ${apps}/daemonsets/log-collector ${restartedAt}`],
      before: { images: ['shop/log-collector:0.9.1'] },
      output: { changed: true, generation: 2 },
    },
    effect: 'daemonset restarted',
  },
  {
    activity: scaleKubernetesDeployment,
    input: { namespace, deployment, replicas: 5 },
    plan: {
      summary: 'Scales deployment shop/checkout from 3 to 5 replicas',
      calls: [`PATCH ${apps}/deployments/checkout/scale spec.replicas=5`],
      before: { replicas: 3 },
      after: { replicas: 5 },
      inverse: {
        activity: 'scaleKubernetesDeployment',
        input: { connection, namespace, deployment, replicas: 3 },
      },
      output: { changed: true, before: 3, after: 5 },
    },
    effect: 'deployment scaled',
  },
  {
    activity: rollBackKubernetesDeployment,
    input: { namespace, deployment },
    plan: {
      summary: `Returns deployment shop/checkout to revision 1: ${oldImage}`,
      calls: [
        `PATCH ${apps}/deployments/checkout spec.template=(that of revision 1) ` +
          'metadata.annotations=(those of revision 1) metadata.annotations[baton/rollback]=(the key of the call)',
      ],
      before: { images: [newImage], revision: 2 },
      after: { images: [oldImage], templateOfRevision: 1 },
      inverse: {
        activity: 'rollBackKubernetesDeployment',
        input: { connection, namespace, deployment, toRevision: 2 },
      },
      output: { changed: true, fromImages: [newImage], toImages: [oldImage] },
    },
    effect: 'deployment template changed',
  },
  {
    activity: deleteKubernetesPod,
    input: { namespace, pod: 'carts-0', graceSeconds: 5 },
    plan: {
      summary: 'Deletes pod shop/carts-0; StatefulSet carts replaces it',
      calls: [
        expect.stringMatching(
          /^DELETE \/api\/v1\/namespaces\/shop\/pods\/carts-0 preconditions\.uid=\S+ gracePeriodSeconds=5$/,
        ),
      ],
      before: { phase: 'Running', node: expect.stringMatching(/^ip-/) },
      inverse: { none: 'a pod that was deleted does not come back' },
      output: { changed: true },
    },
    effect: 'pod deleted',
  },
  {
    activity: cordonKubernetesNode,
    input: { node },
    plan: {
      summary: `Keeps new pods off the node ${node}`,
      calls: [`PATCH /api/v1/nodes/${node} spec.unschedulable=true`],
      before: { unschedulable: false },
      after: { unschedulable: true },
      inverse: { activity: 'uncordonKubernetesNode', input: { connection, node } },
      output: { changed: true },
    },
    effect: 'node cordoned',
  },
  {
    activity: uncordonKubernetesNode,
    input: { node: 'ip-10-0-2-24' },
    plan: {
      summary: 'Lets new pods onto the node ip-10-0-2-24 again',
      before: { unschedulable: true },
      after: { unschedulable: false },
      inverse: { activity: 'cordonKubernetesNode', input: { connection, node: 'ip-10-0-2-24' } },
    },
    effect: 'node uncordoned',
  },
];
const named = changes.map((each) => ({ name: each.activity.name, ...each }));

/** A cluster in which the second node is out of service, and the uid of the pod that an input names. */
async function startFor(input: Record<string, unknown>) {
  const cluster = await startCluster();
  const { world } = cluster.simulator;
  const [, second] = world.nodes;
  if (second) second.spec.unschedulable = true;
  const uid = world.pods.find(({ metadata }) => metadata.name === input.pod)?.metadata.uid;
  return { ...cluster, given: uid === undefined ? input : { ...input, uid } };
}

/** Those that change something. */
const calls = ({ simulator }: Pick<Cluster, 'simulator'>) =>
  simulator.calls
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`);

describe('a look in the cluster', () => {
  it.each(named)('changes nothing, and tells what would be: $name', async ({ activity, input, plan }) => {
    const cluster = await startFor(input);
    expect(await planOf(cluster.run, activity, cluster.given)).toMatchObject(plan);
    expect(new Set(cluster.simulator.calls.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(effects(cluster.simulator)).toEqual([]);
  });

  it('says of a pod that stands alone that nothing replaces it', async () => {
    const cluster = await startFor({ pod: 'carts-0' });
    const pod = cluster.simulator.world.pods.find(({ metadata }) => metadata.name === 'carts-0');
    if (pod) pod.metadata.ownerReferences = [];
    const plan = await planOf(cluster.run, deleteKubernetesPod, { namespace, ...cluster.given });
    expect(plan.summary).toBe('Deletes pod shop/carts-0; nothing replaces it');
  });

  it('keeps no secret of a template or an annotation in its plan', async () => {
    const { run, simulator } = await startCluster();
    const { deployments, replicasets } = simulator.world;
    for (const { metadata, spec } of [...deployments, ...replicasets]) {
      const secret = { name: 'TOKEN', value: 'hunter2' };
      for (const container of spec.template.spec.containers) Object.assign(container, { env: [secret] });
      metadata.annotations = {
        ...metadata.annotations,
        'kubectl.kubernetes.io/last-applied-configuration': 'hunter2',
      };
    }
    const plan = await planOf(run, rollBackKubernetesDeployment, { namespace, deployment });
    expect(JSON.stringify(plan)).not.toContain('hunter2');
    await actBy(run, rollBackKubernetesDeployment, plan, { namespace, deployment });
    expect(JSON.stringify(deployments[0]?.spec.template)).toContain('hunter2');
  });

  it('knows no way back from a template that is kept as no revision', async () => {
    const { run, simulator } = await startCluster();
    const [first] = simulator.world.replicasets;
    const body = JSON.stringify({ kind: 'ReplicaSetList', items: [first] });
    const headers = { 'content-type': 'application/json' };
    simulator.fail({ kind: 'status', status: 200, match: '/replicasets', headers, body });
    const plan = await planOf(run, rollBackKubernetesDeployment, { namespace, deployment, toRevision: 1 });
    expect(plan).toMatchObject({
      before: { images: [newImage] },
      inverse: { none: 'the present template is kept as no revision yet' },
    });
  });
});

describe('a plan that was stored', () => {
  it.each(named)('is carried out by the call that it tells: $name', async ({ activity, input, effect }) => {
    const cluster = await startFor(input);
    const plan = await planOf(cluster.run, activity, cluster.given);
    cluster.simulator.calls.splice(0);
    expect(await actBy(cluster.run, activity, plan, cluster.given)).toEqual(plan.output);
    expect(effects(cluster.simulator)).toEqual([effect]);
    expect(calls(cluster)).toEqual(plan.calls.map((call) => call.split(' ').slice(0, 2).join(' ')));
  });

  const activities = named.map(({ activity }) => activity);
  it.each(named.filter(({ plan }) => plan.inverse && 'activity' in (plan.inverse as object)))(
    'is taken back by its inverse: $name',
    async ({ activity, input }) => {
      const cluster = await startFor(input);
      const plan = await planOf(cluster.run, activity, cluster.given);
      await actBy(cluster.run, activity, plan, cluster.given);
      cluster.pass(120);
      const { inverse } = plan;
      const back = activities.find(({ name }) => 'activity' in inverse && name === inverse.activity);
      if (!back || !('input' in inverse)) throw new Error('no inverse');
      const taken = await planOf(cluster.run, back, inverse.input, { key: 'run-1#6' });
      await actBy(cluster.run, back, taken, inverse.input, { key: 'run-1#6' });
      cluster.pass(120);
      const { before } = await planOf(cluster.run, activity, cluster.given, { key: 'run-1#7' });
      // A revision that is returned to is a new one.
      const { revision: _, ...as } = plan.before as Record<string, unknown>;
      expect(before).toMatchObject(as);
    },
  );
});

describe('a change by a plan whose object has moved on since', () => {
  const [, , , scale] = changes;
  const scaling = scale?.input ?? {};

  async function startPlanned(activity: AnyChange, input: Record<string, unknown>) {
    const cluster = await startFor(input);
    const plan = await planOf(cluster.run, activity, cluster.given);
    const [checkout] = cluster.simulator.world.deployments;
    const [first] = cluster.simulator.world.nodes;
    if (!checkout || !first) throw new Error('no world');
    const act = () => actBy(cluster.run, activity, plan, cluster.given);
    return { ...cluster, plan, checkout, first, act };
  }

  it('is made where only the status has changed', async () => {
    for (const [activity, input] of [
      [scaleKubernetesDeployment, scaling],
      [restartKubernetesDeployment, { namespace, deployment, at }],
    ] as const) {
      const { checkout, act, plan, simulator } = await startPlanned(activity, input);
      checkout.metadata.resourceVersion = '9000';
      expect(await act()).toEqual(plan.output);
      expect(effects(simulator)).toHaveLength(1);
    }
  });

  it('is done where somebody else has made it', async () => {
    const { checkout, act, simulator } = await startPlanned(scaleKubernetesDeployment, scaling);
    checkout.spec.replicas = 5;
    checkout.metadata.resourceVersion = '9000';
    expect(await act()).toEqual({ changed: false, before: 5, after: 5 });
    expect(effects(simulator)).toEqual([]);
  });

  it.each([
    [
      'the replicas are others',
      scaleKubernetesDeployment,
      scaling,
      ({ spec }: Deployment) => Object.assign(spec, { replicas: 4 }),
    ],
    [
      'the image is another',
      restartKubernetesDeployment,
      { namespace, deployment, at },
      ({ spec }: Deployment) =>
        Object.assign(spec.template.spec, { containers: [{ name: 'app', image: 'x' }] }),
    ],
    [
      'somebody has restarted it',
      restartKubernetesDeployment,
      { namespace, deployment, at },
      ({ spec }: Deployment) =>
        Object.assign(spec.template.metadata, {
          annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-11-21T10:00:30.000Z' },
        }),
    ],
    [
      'there was a release',
      rollBackKubernetesDeployment,
      { namespace, deployment },
      ({ spec, metadata }: Deployment) => {
        metadata.generation += 1;
        Object.assign(spec.template.spec, { containers: [{ name: 'app', image: 'shop/checkout:1.43.0' }] });
      },
    ],
    [
      'it is another of the same name',
      scaleKubernetesDeployment,
      scaling,
      ({ metadata }: Deployment) => Object.assign(metadata, { uid: 'another' }),
    ],
  ] as const)('is refused where %s', async (_, activity, input, move) => {
    const { checkout, act, simulator } = await startPlanned(activity, input);
    move(checkout);
    checkout.metadata.resourceVersion = '9000';
    expect(await failureOf(act())).toMatchObject({
      type: 'Conflict',
      nonRetryable: true,
      message: expect.stringContaining('has changed since, so nothing was done'),
      details: [{ effect: 'none' }],
    });
    expect(effects(simulator)).toEqual([]);
  });

  it('is refused on another node of the same name, and on one that nothing allows any more', async () => {
    const other = await startPlanned(cordonKubernetesNode, { node });
    other.first.metadata.uid = 'another';
    expect(await failureOf(other.act())).toMatchObject({ type: 'Conflict' });
    const closed = await startPlanned(cordonKubernetesNode, { node });
    Object.assign(closed.first.metadata, { uid: 'another', labels: {} });
    expect(await failureOf(closed.act())).toMatchObject({ type: 'InvalidInput' });
    for (const { simulator } of [other, closed]) expect(effects(simulator)).toEqual([]);
  });

  it('is refused where the revision is gone to which it was to return', async () => {
    const { act, simulator } = await startPlanned(rollBackKubernetesDeployment, { namespace, deployment });
    simulator.world.replicasets.shift();
    expect(await failureOf(act())).toMatchObject({ type: 'Conflict' });
    expect(effects(simulator)).toEqual([]);
  });

  it('leaves a pod alone that has replaced the one that was looked at', async () => {
    const cluster = await startPlanned(deleteKubernetesPod, { namespace, pod: 'carts-0' });
    const pod = cluster.simulator.world.pods.find(({ metadata }) => metadata.name === 'carts-0');
    if (pod) pod.metadata.uid = 'another';
    expect(await cluster.act()).toEqual({ changed: false });
    expect(effects(cluster.simulator)).toEqual([]);
  });
});

type Deployment = Cluster['simulator']['world']['deployments'][number];

describe('a dry run', () => {
  /** What people want of the cluster; its states come and go. */
  const wanted = ({ deployments, statefulsets, daemonsets, nodes, pods }: Cluster['simulator']['world']) =>
    structuredClone([
      [...deployments, ...statefulsets, ...daemonsets].map(({ metadata, spec }) => [
        metadata.generation,
        metadata.annotations,
        spec,
      ]),
      nodes.map(({ spec }) => spec),
      pods.map(({ metadata }) => metadata.uid),
    ]);

  it.each(named)('says yes, and does nothing: $name', async ({ activity, input }) => {
    const { run, simulator, given } = await startFor(input);
    const before = wanted(simulator.world);
    expect(await dryRunOf(run, activity, given)).toMatchObject({
      outcome: 'accepted',
      said: 'Kubernetes would do it',
    });
    expect(effects(simulator)).toEqual([]);
    expect(wanted(simulator.world)).toEqual(before);
  });
});
