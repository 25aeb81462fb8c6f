import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { simulatedToken } from '../../simulator/kubernetes/world.ts';
import { kubernetesSimulation } from '../../simulator/kubernetes.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { temporaryFolder } from '../activities/kubernetes/cluster.ts';

const deployments = '/apis/apps/v1/namespaces/shop/deployments';
const restart = (at: string) =>
  JSON.stringify({
    spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': at } } } },
  });

async function start(stateFile?: string) {
  let now = Date.now();
  const simulation = kubernetesSimulation({ now: () => now });
  const simulator = await startSimulator(simulation, stateFile === undefined ? {} : { stateFile });
  onTestFinished(() => simulator.close());
  const send = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    const authorization = `Bearer ${simulatedToken}`;
    const init = { method, headers: { authorization, ...headers }, body: body ?? null };
    const response = await fetch(simulator.url + path, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, text, body: isJson ? JSON.parse(text) : undefined };
  };
  const patch = (type: string, body: string, path = `${deployments}/checkout`) =>
    send('PATCH', path, body, { 'content-type': type });
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  return { simulator, send, patch, pass };
}

describe('the simulated Kubernetes', () => {
  it('refuses a request without the token', async () => {
    const { send } = await start();
    expect(await send('GET', '/api/v1/nodes', undefined, { authorization: 'Bearer wrong' })).toMatchObject({
      status: 401,
      body: { kind: 'Status', status: 'Failure', reason: 'Unauthorized', code: 401 },
    });
  });

  it('says what is not there', async () => {
    const { send } = await start();
    expect(await send('GET', `${deployments}/gone`)).toMatchObject({
      status: 404,
      body: { kind: 'Status', reason: 'NotFound', message: 'deployments.apps "gone" not found' },
    });
    expect(await send('GET', '/apis/unknown/v1/things')).toMatchObject({
      status: 404,
      text: '404 page not found\n',
    });
  });

  it('answers an empty list for a namespace without anything', async () => {
    const { send } = await start();
    const { body } = await send('GET', '/api/v1/namespaces/none/pods');
    expect(body).toMatchObject({ kind: 'PodList', items: [] });
  });

  it.each([
    ['an object as a JSON patch', 'application/json-patch+json', 400, 'BadRequest'],
    ['plain JSON', 'application/json', 415, 'UnsupportedMediaType'],
  ])('refuses %s', async (_, type, status, reason) => {
    const { simulator, patch } = await start();
    expect(await patch(type, restart('2026-11-21T10:00:00Z'))).toMatchObject({ status, body: { reason } });
    expect(simulator.ledger).toEqual([]);
  });

  it('refuses a JSON patch whose test does not hold', async () => {
    const { simulator, patch } = await start();
    const body = JSON.stringify([
      { op: 'test', path: '/metadata/generation', value: 77 },
      { op: 'replace', path: '/spec/replicas', value: 9 },
    ]);
    expect(await patch('application/json-patch+json', body)).toMatchObject({ status: 422 });
    expect(simulator.ledger).toEqual([]);
  });

  it('counts a generation for a change and none for a repeat', async () => {
    const { simulator, patch } = await start();
    const type = 'application/strategic-merge-patch+json';
    const first = await patch(type, restart('2026-11-21T10:00:00Z'));
    const second = await patch(type, restart('2026-11-21T10:00:00Z'));
    const third = await patch(type, restart('2026-11-21T10:00:01Z'));
    expect([first, second, third].map(({ body }) => body.metadata.generation)).toEqual([3, 3, 4]);
    expect(simulator.ledger).toMatchObject([
      { provider: 'kubernetes', effect: 'deployment restarted', target: 'shop/checkout' },
      { effect: 'deployment restarted' },
    ]);
  });

  it('rolls out twenty times as fast as the clock', async () => {
    const { patch, pass, send } = await start();
    await patch('application/strategic-merge-patch+json', restart('2026-11-21T10:00:00Z'));
    pass(1);
    expect((await send('GET', `${deployments}/checkout`)).body.status.updatedReplicas).toBeLessThan(3);
    pass(4);
    expect((await send('GET', `${deployments}/checkout`)).body.status).toMatchObject({
      observedGeneration: 3,
      updatedReplicas: 3,
      availableReplicas: 3,
      replicas: 3,
    });
  });

  it('selects by labels', async () => {
    const { send } = await start();
    const count = async (selector: string) => {
      const path = `/api/v1/namespaces/shop/pods?labelSelector=${encodeURIComponent(selector)}`;
      return (await send('GET', path)).body?.items?.length;
    };
    expect(await count('app=checkout')).toBe(3);
    expect(await count('app in (checkout,search),pod-template-hash')).toBe(5);
    expect(await count('app!=checkout,!pod-template-hash')).toBe(4);
    expect(await count('app notin (checkout)')).toBe(6);
    expect(await count('app===')).toBeUndefined();
  });

  it('goes on where it was after a restart', async () => {
    const stateFile = join(temporaryFolder(), 'kubernetes.json');
    const first = await start(stateFile);
    await first.patch('application/strategic-merge-patch+json', restart('2026-11-21T10:00:00Z'));
    await first.simulator.close();
    const second = await start(stateFile);
    second.pass(5);
    const { body } = await second.send('GET', `${deployments}/checkout`);
    expect(body.status).toMatchObject({ observedGeneration: 3, updatedReplicas: 3, availableReplicas: 3 });
    expect(second.simulator.ledger).toHaveLength(1);
  });
});

describe('a dry run in the simulated Kubernetes', () => {
  const pods = '/api/v1/namespaces/shop/pods';

  it('is answered as the write would be, and keeps nothing', async () => {
    const { simulator, patch } = await start();
    const kept = () =>
      simulator.world.deployments.map(({ metadata: { generation }, spec }) => [generation, spec]);
    const before = structuredClone(kept());
    const { status, body } = await patch(
      'application/strategic-merge-patch+json',
      restart('2026-11-21T10:00:00Z'),
      `${deployments}/checkout?fieldManager=baton&dryRun=All`,
    );
    expect([status, body.metadata.generation]).toEqual([200, 3]);
    const scaled = await patch(
      'application/merge-patch+json',
      '{"spec":{"replicas":9}}',
      `${deployments}/checkout/scale?dryRun=All`,
    );
    expect(scaled.body.spec).toEqual({ replicas: 9 });
    expect([kept(), simulator.ledger]).toEqual([before, []]);
  });

  it('of another kind than All is refused, and so is one of what must not be written', async () => {
    const { simulator, patch } = await start();
    const merge = 'application/merge-patch+json';
    const scale = `${deployments}/checkout/scale`;
    const body = '{"spec":{"replicas":9}}';
    expect((await patch(merge, body, `${scale}?dryRun=all`)).status).toBe(422);
    simulator.world.granted = ['apps/deployments patch'];
    expect((await patch(merge, body, `${scale}?dryRun=All`)).status).toBe(403);
    expect(simulator.ledger).toEqual([]);
  });

  it('of a deletion is one by its body alone: beside a body the query is not read', async () => {
    const { simulator, send } = await start();
    const name = simulator.world.pods[0]?.metadata.name ?? '';
    await send('DELETE', `${pods}/${name}`, '{"dryRun":["All"]}');
    expect(simulator.ledger).toEqual([]);
    await send('DELETE', `${pods}/${name}?dryRun=All`, '{"gracePeriodSeconds":0}');
    expect(simulator.ledger).toMatchObject([{ effect: 'pod deleted' }]);
  });
});
