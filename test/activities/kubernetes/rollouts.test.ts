import { describe, expect, it } from 'vitest';
import { awaitKubernetesRollout } from '../../../activities/kubernetes/await-rollout.ts';
import { listKubernetesPods } from '../../../activities/kubernetes/list-pods.ts';
import { listKubernetesRevisions } from '../../../activities/kubernetes/list-revisions.ts';
import { readKubernetesRollout } from '../../../activities/kubernetes/read-rollout.ts';
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
const deployment = 'checkout';
const at = '2026-11-21T10:00:00.000Z';

type Cluster = Awaited<ReturnType<typeof startCluster>>;

function workload({ simulator }: Cluster, name = deployment) {
  const found = simulator.world.deployments.find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`no deployment ${name}`);
  return found;
}

describe('restartKubernetesDeployment', () => {
  it('replaces all pods, and with them the one that crashed', async () => {
    const cluster = await startCluster();
    const { run, pass, simulator } = cluster;
    expect(await run(restartKubernetesDeployment, { namespace, deployment, at })).toEqual({
      changed: true,
      generation: 3,
    });
    expect(await run(readKubernetesRollout, { namespace, deployment })).toEqual({
      complete: false,
      reason: 'the change has not been observed yet',
    });
    pass(20);
    expect(await run(readKubernetesRollout, { namespace, deployment })).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/^\d of 3 replicas are updated$/),
    });
    pass(120);
    expect(await run(readKubernetesRollout, { namespace, deployment })).toEqual({
      complete: true,
      reason: 'all 3 replicas are updated and available',
    });
    const { pods } = await run(listKubernetesPods, { namespace, selector: 'app=checkout' });
    expect(pods.map(({ ready, restarts }) => [ready, restarts])).toEqual(Array(3).fill([true, 0]));
    expect(effects(simulator)).toEqual(['deployment restarted']);
  });

  it('names its run to the cluster: in the user agent of every request, and as the manager of the fields', async () => {
    const { run, simulator } = await startCluster();
    const use = { run: 'kubernetes-crash-loop/PABC123', by: 'trigger:kubernetes-crash-loop' };
    await run(restartKubernetesDeployment, { namespace, deployment, at }, {}, use);
    expect(simulator.calls.map(({ method }) => method)).toEqual(['GET', 'PATCH']);
    for (const { headers } of simulator.calls)
      expect(headers['user-agent']).toMatch(/^baton\/\d\S* run=kubernetes-crash-loop\/PABC123$/);
    expect(simulator.ledger).toMatchObject([{ by: 'baton:kubernetes-crash-loop/PABC123' }]);
    await run(scaleKubernetesDeployment, { namespace, deployment, replicas: 5 }, {}, use);
    expect(simulator.ledger[1]).toMatchObject({ by: 'baton:kubernetes-crash-loop/PABC123' });
  });

  it('names one with a long or odd id by what the cluster takes, and apart from others', async () => {
    const { run, simulator } = await startCluster();
    const name = `nightly ☃/${'x'.repeat(300)}`;
    for (const [index, replicas] of [4, 5].entries())
      await run(
        scaleKubernetesDeployment,
        { namespace, deployment, replicas },
        {},
        { run: `${name}${index}`, by: 'baton' },
      );
    const managers = simulator.ledger.map(({ by }) => by);
    expect(new Set(managers).size).toBe(2);
    for (const manager of managers) expect(manager).toMatch(/^baton:nightly--\/x+-[0-9a-f]{8}$/);
    for (const { headers } of simulator.calls) expect(headers['user-agent']?.length).toBeLessThan(300);
  });

  it('restarts once when the answer was lost', async () => {
    const { run, simulator } = await startCluster();
    simulator.fail({ kind: 'cut-after', match: 'PATCH' });
    const input = { namespace, deployment, at };
    expect(await failureOf(run(restartKubernetesDeployment, input))).toMatchObject({
      type: 'ProviderUnavailable',
      details: [{ effect: 'unknown' }],
    });
    expect(await run(restartKubernetesDeployment, input, { number: 2 })).toEqual({
      changed: false,
      generation: 3,
    });
    expect(effects(simulator)).toEqual(['deployment restarted']);
  });

  it('does not repeat a restart after somebody has restarted it since', async () => {
    const { run, simulator } = await startCluster();
    await run(restartKubernetesDeployment, { namespace, deployment, at });
    await run(restartKubernetesDeployment, { namespace, deployment, at: '2026-11-21T11:00:30+01:00' });
    const repeat = run(restartKubernetesDeployment, { namespace, deployment, at }, { number: 2 });
    expect(await repeat).toMatchObject({ changed: false });
    expect(effects(simulator)).toHaveLength(2);
  });

  it('is a new restart with another time', async () => {
    const { run, simulator } = await startCluster();
    await run(restartKubernetesDeployment, { namespace, deployment, at });
    await run(restartKubernetesDeployment, { namespace, deployment, at: '2026-11-21T10:30:00.000Z' });
    expect(effects(simulator)).toEqual(['deployment restarted', 'deployment restarted']);
  });

  it('leaves a paused deployment alone', async () => {
    const cluster = await startCluster();
    workload(cluster).spec.paused = true;
    const outcome = cluster.run(restartKubernetesDeployment, { namespace, deployment, at });
    expect(await failureOf(outcome)).toMatchObject({
      type: 'Conflict',
      message: expect.stringContaining('paused'),
    });
    expect(effects(cluster.simulator)).toEqual([]);
  });

  it('looks again after one conflict, and gives up after two', async () => {
    const { run, simulator } = await startCluster();
    simulator.fail({ kind: 'status', status: 409, match: 'PATCH' });
    expect(await run(restartKubernetesDeployment, { namespace, deployment, at })).toMatchObject({
      changed: true,
    });
    simulator.fail({ kind: 'status', status: 409, match: 'PATCH', times: 2 });
    const later = { namespace, deployment, at: '2026-11-21T10:30:00.000Z' };
    expect(await failureOf(run(restartKubernetesDeployment, later))).toMatchObject({ type: 'Conflict' });
    expect(effects(simulator)).toHaveLength(1);
  });
});

it.each([
  ['stateful set', restartKubernetesStatefulSet.name, { statefulSet: 'carts' }],
  ['daemon set', restartKubernetesDaemonSet.name, { daemonSet: 'log-collector' }],
])('a %s is restarted once, and its rollout is followed', async (_, activity, named) => {
  const { run, pass, simulator } = await startCluster();
  const input = { namespace, at, statefulSet: 'carts', daemonSet: 'log-collector' };
  const restart = () =>
    activity === restartKubernetesStatefulSet.name
      ? run(restartKubernetesStatefulSet, input)
      : run(restartKubernetesDaemonSet, input);
  expect(await restart()).toMatchObject({ changed: true, generation: 2 });
  expect(await restart()).toMatchObject({ changed: false, generation: 2 });
  expect(await run(readKubernetesRollout, { namespace, ...named })).toMatchObject({ complete: false });
  pass(15);
  expect(await run(readKubernetesRollout, { namespace, ...named })).toMatchObject({ complete: false });
  pass(120);
  expect(await run(readKubernetesRollout, { namespace, ...named })).toMatchObject({ complete: true });
  expect(effects(simulator)).toHaveLength(1);
});

describe('the rollout of a deployment', () => {
  it('is not complete while one pod crashes', async () => {
    const { run } = await startCluster();
    expect(await run(readKubernetesRollout, { namespace, deployment })).toEqual({
      complete: false,
      reason: '2 of 3 updated replicas are available',
    });
  });

  it('has failed once its deadline has passed', async () => {
    const { run, pass, simulator } = await startCluster();
    simulator.world.brokenImages.push('shop/checkout:1.42.0');
    await run(restartKubernetesDeployment, { namespace, deployment, at });
    pass(300);
    expect(await run(readKubernetesRollout, { namespace, deployment })).toMatchObject({ complete: false });
    pass(400);
    expect(await run(readKubernetesRollout, { namespace, deployment })).toEqual({
      complete: false,
      failed: true,
      reason: 'its progress deadline has passed',
    });
  });

  it('forgets an old deadline as soon as something new is wanted', async () => {
    const { run, pass, simulator } = await startCluster();
    simulator.world.brokenImages.push('shop/checkout:1.42.0');
    await run(restartKubernetesDeployment, { namespace, deployment, at });
    pass(700);
    await run(rollBackKubernetesDeployment, { namespace, deployment, toRevision: 1 });
    const rollout = await run(readKubernetesRollout, { namespace, deployment });
    expect(rollout).toEqual({ complete: false, reason: 'the change has not been observed yet' });
    pass(120);
    expect(await run(readKubernetesRollout, { namespace, deployment })).toMatchObject({ complete: true });
  });

  it('has failed while the deployment is paused', async () => {
    const cluster = await startCluster();
    workload(cluster).spec.paused = true;
    expect(await cluster.run(readKubernetesRollout, { namespace, deployment })).toMatchObject({
      failed: true,
    });
  });
});

describe('awaitKubernetesRollout', () => {
  /** The cluster's clock moves on by itself, five of its seconds with each look. */
  async function startMovingCluster() {
    const cluster = await startCluster();
    const looks = () => cluster.simulator.calls.length;
    const { push } = cluster.simulator.calls;
    cluster.simulator.calls.push = (...calls) => {
      cluster.pass(5);
      return push.apply(cluster.simulator.calls, calls);
    };
    return { ...cluster, looks };
  }

  it('ends when the rollout is complete', async () => {
    const { run, looks } = await startMovingCluster();
    await run(restartKubernetesDeployment, { namespace, deployment, at });
    expect(await run(awaitKubernetesRollout, { namespace, deployment })).toMatchObject({ complete: true });
    expect(looks()).toBeGreaterThan(4);
  });

  it('ends when it has failed', async () => {
    const { run, simulator } = await startMovingCluster();
    simulator.world.brokenImages.push('shop/checkout:1.42.0');
    await run(restartKubernetesDeployment, { namespace, deployment, at });
    const input = { namespace, deployment, timeoutSeconds: 3600 };
    expect(await run(awaitKubernetesRollout, input)).toMatchObject({ complete: false, failed: true });
  });

  it('ends when its time is over, and says what is missing', async () => {
    const { run, looks } = await startMovingCluster();
    const rollout = await run(awaitKubernetesRollout, { namespace, deployment, timeoutSeconds: 30 });
    expect(rollout).toEqual({ complete: false, reason: '2 of 3 updated replicas are available' });
    expect(looks()).toBe(7);
  });

  it('ends with the attempt', async () => {
    const { run, simulator } = await startCluster({ BATON_SIMULATED_TIME_SCALE: '1' });
    const attempt = new AbortController();
    const outcome = failureOf(
      run(awaitKubernetesRollout, { namespace, deployment }, { signal: attempt.signal }),
    );
    await expect.poll(() => simulator.calls.length).toBe(1);
    attempt.abort(new Error('the run was cancelled'));
    expect(await outcome).toMatchObject({ message: 'the run was cancelled' });
  });
});

describe('scaleKubernetesDeployment', () => {
  it('sets the number of replicas once', async () => {
    const { run, pass, simulator } = await startCluster();
    const input = { namespace, deployment, replicas: 5 };
    simulator.fail({ kind: 'cut-after', match: 'PATCH' });
    expect(await failureOf(run(scaleKubernetesDeployment, input))).toMatchObject({
      type: 'ProviderUnavailable',
    });
    expect(await run(scaleKubernetesDeployment, input, { number: 2 })).toEqual({
      changed: false,
      before: 5,
      after: 5,
    });
    pass(120);
    const { pods } = await run(listKubernetesPods, { namespace, selector: 'app=checkout' });
    expect(pods).toHaveLength(5);
    expect(effects(simulator)).toEqual(['deployment scaled']);
  });

  it('tells the number before', async () => {
    const { run } = await startCluster();
    const input = { namespace, deployment, replicas: 0 };
    expect(await run(scaleKubernetesDeployment, input)).toEqual({ changed: true, before: 3, after: 0 });
  });

  it('leaves a deployment to its autoscaler', async () => {
    const { run, simulator } = await startCluster();
    const outcome = run(scaleKubernetesDeployment, { namespace, deployment: 'search', replicas: 4 });
    expect(await failureOf(outcome)).toMatchObject({
      type: 'Conflict',
      message: expect.stringContaining('autoscaler search'),
    });
    expect(effects(simulator)).toEqual([]);
  });
});

describe('rollBackKubernetesDeployment', () => {
  it('returns to the revision before, as a new revision', async () => {
    const { run, pass } = await startCluster();
    expect(await run(rollBackKubernetesDeployment, { namespace, deployment })).toEqual({
      changed: true,
      fromImages: ['shop/checkout:1.42.0'],
      toImages: ['shop/checkout:1.41.0'],
    });
    pass(120);
    expect(await run(readKubernetesRollout, { namespace, deployment })).toMatchObject({ complete: true });
    const { revisions } = await run(listKubernetesRevisions, { namespace, deployment });
    expect(revisions).toMatchObject([
      { revision: 3, images: ['shop/checkout:1.41.0'] },
      { revision: 2, images: ['shop/checkout:1.42.0'] },
    ]);
  });

  it('does not go back and forth when the answer was lost', async () => {
    const { run, pass, simulator } = await startCluster();
    simulator.fail({ kind: 'cut-after', match: 'PATCH' });
    await failureOf(run(rollBackKubernetesDeployment, { namespace, deployment }));
    pass(120);
    const repeat = await run(rollBackKubernetesDeployment, { namespace, deployment }, { number: 2 });
    expect(repeat).toMatchObject({ changed: false, toImages: ['shop/checkout:1.41.0'] });
    expect(effects(simulator)).toEqual(['deployment template changed']);
  });

  it('loses no field that the client library does not know', async () => {
    const cluster = await startCluster();
    const { world } = cluster.simulator;
    const old = world.replicasets.find(({ spec }) =>
      spec.template.spec.containers[0]?.image.endsWith('1.41.0'),
    );
    if (old) Object.assign(old.spec.template.spec, { fieldOfTomorrow: { nested: [1, null] } });
    await cluster.run(rollBackKubernetesDeployment, { namespace, deployment });
    expect(workload(cluster).spec.template.spec).toMatchObject({ fieldOfTomorrow: { nested: [1, null] } });
    expect(workload(cluster).spec.template.metadata.labels).toEqual({ app: 'checkout' });
  });

  it('takes the annotations of the revision and keeps those of the deployment’s own', async () => {
    const cluster = await startCluster();
    const own = {
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      'deployment.kubernetes.io/revision': '2',
    };
    workload(cluster).metadata.annotations = { ...own, 'kubernetes.io/change-cause': 'release 1.42.0' };
    const old = cluster.simulator.world.replicasets[0];
    if (old)
      old.metadata.annotations = {
        ...old.metadata.annotations,
        'kubernetes.io/change-cause': 'release 1.41.0',
      };
    await cluster.run(rollBackKubernetesDeployment, { namespace, deployment });
    expect(workload(cluster).metadata.annotations).toEqual({
      ...own,
      'kubernetes.io/change-cause': 'release 1.41.0',
      'baton/rollback': 'run-1#5',
    });
  });

  it('is done where the revision is the present one', async () => {
    const { run, simulator } = await startCluster();
    const input = { namespace, deployment, toRevision: 2 };
    expect(await run(rollBackKubernetesDeployment, input)).toMatchObject({ changed: false });
    expect(effects(simulator)).toEqual([]);
  });

  it.each([
    ['there is no such revision', { deployment, toRevision: 9 }, 'has no revision 9'],
    ['there is no earlier one', { deployment: 'search' }, 'has no earlier revision'],
  ])('is a conflict where %s', async (_, named, reason) => {
    const { run } = await startCluster();
    expect(await failureOf(run(rollBackKubernetesDeployment, { namespace, ...named }))).toMatchObject({
      type: 'Conflict',
      message: expect.stringContaining(reason),
    });
  });

  it('is a conflict where the deployment is paused', async () => {
    const cluster = await startCluster();
    workload(cluster).spec.paused = true;
    const outcome = cluster.run(rollBackKubernetesDeployment, { namespace, deployment });
    expect(await failureOf(outcome)).toMatchObject({
      type: 'Conflict',
      message: expect.stringContaining('paused'),
    });
  });

  it('looks again where the deployment was changed meanwhile', async () => {
    const cluster = await startCluster();
    const { run, simulator } = cluster;
    const { push } = simulator.calls;
    simulator.calls.push = (...calls) => {
      const isFirstPatch =
        calls.some(({ method }) => method === 'PATCH') && workload(cluster).metadata.generation === 2;
      if (isFirstPatch) workload(cluster).metadata.generation += 1;
      return push.apply(simulator.calls, calls);
    };
    expect(await run(rollBackKubernetesDeployment, { namespace, deployment })).toMatchObject({
      changed: true,
    });
    expect(simulator.calls.filter(({ method }) => method === 'PATCH')).toHaveLength(2);
    expect(effects(simulator)).toEqual(['deployment template changed']);
  });
});
