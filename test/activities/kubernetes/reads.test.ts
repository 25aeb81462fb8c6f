import { describe, expect, it } from 'vitest';
import { checkKubernetesAccess } from '../../../activities/kubernetes/check-access.ts';
import { listKubernetesEvents } from '../../../activities/kubernetes/list-events.ts';
import { listKubernetesNodes } from '../../../activities/kubernetes/list-nodes.ts';
import { listKubernetesPods } from '../../../activities/kubernetes/list-pods.ts';
import { listKubernetesRevisions } from '../../../activities/kubernetes/list-revisions.ts';
import { readKubernetesPodLogs } from '../../../activities/kubernetes/read-pod-logs.ts';
import { readKubernetesWorkload } from '../../../activities/kubernetes/read-workload.ts';
import { crashLoop, type KubernetesWorld } from '../../../simulator/kubernetes.ts';
import type { Simulator } from '../../../simulator/simulator.ts';
import { failureOf, keepsTexts } from '../run.ts';
import { startCluster } from './cluster.ts';

const namespace = 'shop';

function crashingPod({ world }: Simulator<KubernetesWorld>) {
  const pod = world.pods.find(({ status }) =>
    status.containerStatuses.some(({ state }) => 'waiting' in state),
  );
  if (!pod) throw new Error('no pod is crashing');
  return pod;
}

/** Puts many copies of a pod into the cluster. */
function addPods({ world }: Simulator<KubernetesWorld>, count: number, message = '') {
  const [pattern] = world.pods;
  if (!pattern) throw new Error('the cluster has no pod');
  for (let index = 0; index < count; index += 1) {
    const pod = structuredClone(pattern);
    pod.metadata = { ...pod.metadata, name: `many-${index}`, labels: { app: 'many' } };
    const [container] = pod.status.containerStatuses;
    const at = '2026-11-21T10:00:00Z';
    const terminated = { reason: 'Error', exitCode: 1, startedAt: at, finishedAt: at, message };
    if (container && message) container.lastState = { terminated };
    world.pods.push(pod);
  }
}

describe('listKubernetesPods', () => {
  it('shows which pod crashes, how often, and why it ended', async () => {
    const { simulator, run } = await startCluster();
    const { pods, truncated } = await run(listKubernetesPods, { namespace, selector: 'app=checkout' });
    const { metadata, spec } = crashingPod(simulator);
    expect(truncated).toBe(false);
    expect(pods).toHaveLength(3);
    expect(pods.filter(({ ready }) => ready)).toHaveLength(2);
    expect(pods.find(({ ready }) => !ready)).toMatchObject({
      name: metadata.name,
      uid: metadata.uid,
      phase: 'Running',
      restarts: 4,
      lastState: { reason: 'Error', exitCode: 1, finishedAt: expect.stringMatching(/^\d{4}-.*Z$/) },
      node: spec.nodeName,
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      images: ['shop/checkout:1.42.0'],
      containers: [{ name: 'app', ready: false, restarts: 4, waiting: 'CrashLoopBackOff' }],
      owner: { kind: 'ReplicaSet' },
    });
  });

  it('reads page after page', async () => {
    const { simulator, run } = await startCluster();
    addPods(simulator, 1100);
    const { pods } = await run(listKubernetesPods, { namespace, selector: 'app=many' });
    expect(new Set(pods.map(({ name }) => name)).size).toBe(1100);
    expect(simulator.calls.filter(({ path }) => path.includes('/pods?'))).toHaveLength(3);
  });

  it('starts the list again when the cluster has forgotten its position', async () => {
    const { simulator, run } = await startCluster();
    addPods(simulator, 600);
    simulator.fail({ kind: 'status', status: 410, match: 'continue=' });
    const { pods } = await run(listKubernetesPods, { namespace, selector: 'app=many' });
    expect(pods).toHaveLength(600);
  });

  it('keeps below what a history takes, and says so', async () => {
    const { simulator, run } = await startCluster();
    addPods(simulator, 800, 'x'.repeat(4000));
    const { pods, truncated } = await run(listKubernetesPods, { namespace, selector: 'app=many' });
    expect(truncated).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(pods))).toBeLessThan(1_100_000);
  });
});

describe('readKubernetesPodLogs', () => {
  it('reads what the container wrote before it was restarted', async () => {
    const { simulator, run } = await startCluster();
    const pod = crashingPod(simulator).metadata.name;
    const { text } = await run(readKubernetesPodLogs, { namespace, pod, previous: true });
    expect(text).toContain('fatal: connection refused');
  });

  it('reads the last lines only', async () => {
    const { simulator, run } = await startCluster();
    const pod = crashLoop(simulator, namespace, 'search');
    const { text } = await run(readKubernetesPodLogs, { namespace, pod, tailLines: 1 });
    expect(text).toMatch(/^\S+ fatal: connection refused: [^\n]*\n$/);
  });

  it('keeps the end of a long log, from the start of a line, and says so', async () => {
    const { simulator, run } = await startCluster();
    const pod = crashingPod(simulator).metadata.name;
    const lines = Array.from({ length: 150 }, (_, number) => `${number} ${'é'.repeat(500)}\n`);
    simulator.world.logs[`shop/${pod}/app`] = { current: lines.join('') };
    const { text, truncated } = await run(readKubernetesPodLogs, { namespace, pod });
    expect(truncated).toBe(true);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(32 * 1024);
    expect(text).toMatch(/^\d+ é/);
    expect(text.endsWith(lines[149] ?? '')).toBe(true);
  });

  it('keeps all that was read of a log that is cut, and of no other', async () => {
    const { simulator, run } = await startCluster();
    const pod = crashingPod(simulator).metadata.name;
    const log = Array.from({ length: 150 }, (_, number) => `${number} ${'x'.repeat(500)}\n`).join('');
    simulator.world.logs[`shop/${pod}/app`] = { current: log, previous: 'short' };
    const { texts, keepText } = keepsTexts();
    const asked = { namespace, pod, container: 'app' };
    const { kept } = await run(readKubernetesPodLogs, asked, { keepText });
    const title = `Log of shop/${pod} (app)`;
    expect(texts).toEqual([{ title, text: log, keepsEnd: true }]);
    expect(kept).toMatchObject({ title, bytes: log.length, truncated: false });
    expect(await run(readKubernetesPodLogs, { ...asked, previous: true }, { keepText })).not.toHaveProperty(
      'kept',
    );
    expect(texts).toHaveLength(1);
    // Where it cannot be kept, the read goes on without.
    const alone = await run(readKubernetesPodLogs, asked);
    expect(alone).toMatchObject({ truncated: true });
    expect(alone).not.toHaveProperty('kept');
  });

  it('answers why there is no log where a container has no predecessor', async () => {
    const { simulator, run } = await startCluster();
    const pod = simulator.world.pods.find(({ metadata }) => metadata.labels?.app === 'search')?.metadata.name;
    expect(await run(readKubernetesPodLogs, { namespace, pod: pod ?? '', previous: true })).toEqual({
      text: '',
      unavailable: `previous terminated container "app" in pod "${pod}" not found`,
    });
  });

  it('answers with the containers where there are several and none is named', async () => {
    const { simulator, run } = await startCluster();
    const { metadata, spec } = crashingPod(simulator);
    spec.containers.push({ name: 'proxy', image: 'shop/proxy:1' });
    expect(await run(readKubernetesPodLogs, { namespace, pod: metadata.name })).toMatchObject({
      unavailable: expect.stringContaining('choose one of: [app proxy]'),
    });
    expect(
      await run(readKubernetesPodLogs, { namespace, pod: metadata.name, container: 'app' }),
    ).toMatchObject({
      text: expect.stringContaining('fatal'),
    });
  });

  it('fails for a pod that is not there', async () => {
    const { run } = await startCluster();
    expect(await failureOf(run(readKubernetesPodLogs, { namespace, pod: 'gone' }))).toMatchObject({
      type: 'ProviderRefused',
      message: 'Kubernetes refused (404): pods "gone" not found',
    });
  });
});

describe('listKubernetesEvents', () => {
  it('lists the warnings of one object', async () => {
    const { simulator, run } = await startCluster();
    crashLoop(simulator, namespace, 'search');
    const { name } = crashingPod(simulator).metadata;
    const { events } = await run(listKubernetesEvents, { namespace, of: { kind: 'Pod', name } });
    expect(events).toEqual([
      {
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        type: 'Warning',
        reason: 'BackOff',
        message: expect.stringContaining('restarting failed container'),
        count: 12,
        of: { kind: 'Pod', name },
      },
    ]);
  });

  it('lists the newest first, and none older than asked', async () => {
    const { simulator, run } = await startCluster();
    crashLoop(simulator, namespace, 'search');
    crashLoop(simulator, namespace, 'search');
    const warnings = simulator.world.events.filter(({ type }) => type === 'Warning');
    const ages = [60, 7200, 30];
    warnings.forEach((event, index) => {
      event.lastTimestamp = new Date(Date.now() - (ages[index] ?? 0) * 1000).toISOString();
    });
    const { events } = await run(listKubernetesEvents, { namespace, sinceSeconds: 3600 });
    expect(events.map(({ of }) => of.name)).toEqual(
      [warnings[2], warnings[0]].map((event) => event?.involvedObject.name),
    );
  });
});

describe('readKubernetesWorkload', () => {
  it('reads a deployment, and how its pods are found', async () => {
    const { run } = await startCluster();
    const workload = await run(readKubernetesWorkload, { namespace, deployment: 'checkout' });
    expect(workload).toMatchObject({
      kind: 'Deployment',
      images: ['shop/checkout:1.42.0'],
      replicas: { desired: 3, updated: 3, ready: 2, available: 2 },
      paused: false,
      selector: 'app=checkout',
    });
    expect(workload.conditions.map(({ type }) => type)).toEqual(['Available', 'Progressing']);
    expect(workload.autoscaler).toBeUndefined();
    const { pods } = await run(listKubernetesPods, { namespace, selector: workload.selector });
    expect(pods).toHaveLength(3);
  });

  it('names the autoscaler', async () => {
    const { run } = await startCluster();
    expect(await run(readKubernetesWorkload, { namespace, deployment: 'search' })).toMatchObject({
      autoscaler: { name: 'search', min: 2, max: 6 },
    });
  });

  it.each([
    [{ statefulSet: 'carts' }, 'StatefulSet', 'shop/carts:5.0.2'],
    [{ daemonSet: 'log-collector' }, 'DaemonSet', 'shop/log-collector:0.9.1'],
  ])('reads %j', async (named, kind, image) => {
    const { run } = await startCluster();
    expect(await run(readKubernetesWorkload, { namespace, ...named })).toMatchObject({
      kind,
      images: [image],
      replicas: { desired: 2, updated: 2, ready: 2, available: 2 },
    });
  });

  it.each([
    ['no name', {}],
    ['two names', { deployment: 'checkout', statefulSet: 'carts' }],
    ['a name that would leave the path', { deployment: '../nodes' }],
    ['a name in upper case', { deployment: 'Checkout' }],
  ])('refuses %s before any call', (_, named) => {
    expect(readKubernetesWorkload.input.safeParse({ namespace, ...named }).success).toBe(false);
  });
});

describe('listKubernetesRevisions', () => {
  it('lists the revisions of a deployment, the present one first', async () => {
    const { run } = await startCluster();
    const { revisions } = await run(listKubernetesRevisions, { namespace, deployment: 'checkout' });
    expect(revisions).toMatchObject([
      { revision: 2, images: ['shop/checkout:1.42.0'] },
      { revision: 1, images: ['shop/checkout:1.41.0'], createdAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    ]);
  });

  it.each([
    [{ statefulSet: 'carts' }, 'shop/carts:5.0.2'],
    [{ daemonSet: 'log-collector' }, 'shop/log-collector:0.9.1'],
  ])('lists those of %j', async (named, image) => {
    const { run } = await startCluster();
    const { revisions } = await run(listKubernetesRevisions, { namespace, ...named });
    expect(revisions).toMatchObject([{ revision: 1, images: [image] }]);
  });
});

it('listKubernetesNodes lists nodes with their conditions', async () => {
  const { simulator, run } = await startCluster();
  const [node] = simulator.world.nodes;
  if (node) node.spec.taints = [{ key: 'disk', effect: 'NoSchedule' }];
  const { nodes } = await run(listKubernetesNodes, {});
  expect(nodes).toHaveLength(2);
  expect(nodes[0]).toMatchObject({
    name: 'ip-10-0-1-17',
    ready: true,
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
    taints: [{ key: 'disk', effect: 'NoSchedule' }],
    unschedulable: false,
    allocatable: { cpu: '3920m' },
  });
});

describe('checkKubernetesAccess', () => {
  const rights = [
    'authorization.k8s.io/selfsubjectaccessreviews create',
    'apps/deployments patch',
    'pods/log get',
  ];

  it.each([
    ['patch', 'apps/deployments', true],
    ['get', 'pods/log', true],
    ['get', 'pods', false],
    ['patch', 'apps/deployments/scale', false],
    ['list', 'nodes', false],
  ])('says whether it may %s %s: %s', async (verb, resource, allowed) => {
    const { simulator, run } = await startCluster();
    simulator.world.granted = rights;
    const answer = await run(checkKubernetesAccess, { verb, resource, namespace });
    expect(answer).toMatchObject({ allowed, reason: allowed ? 'allowed' : 'no role allows it' });
  });
});
