import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoppableWorker } from '../../domain/simulation.ts';
import type { Effect, Fault } from '../../simulator/simulator.ts';
import type { Store } from '../../store/store.ts';
import { embeddedWorld, type World } from '../store/world.ts';
import { type Served, serve } from './served.ts';
import { simulated } from './simulated.ts';

describe('the simulator', () => {
  let world: World;
  let store: Store;
  let served: Served;
  let ledger: Effect[];
  let slack: { faults(): Fault[] };
  let worker: StoppableWorker;
  beforeAll(async () => {
    world = await embeddedWorld();
    store = world.newStore();
    const { simulation, ...parts } = await simulated();
    ({ ledger, slack, worker } = parts);
    served = await serve(store, { worker, simulation });
  });
  afterAll(async () => {
    await served.close();
    await world.close();
  });

  const post = (path: string, body: object, token = 'admin', on = served) =>
    on.ask('POST', `/api/v1/simulator${path}`, { token, body });
  const show = async () => (await served.ask('GET', '/api/v1/simulator')).json;

  it('plays stories and storms, and the record says who did', async () => {
    expect((await show()).stories[0]).toEqual({
      name: 'unhealthy-instance',
      about: expect.stringContaining('rebooted'),
    });
    expect((await post('/play', { story: 'crash-loop' })).json).toEqual({ incident: 'Qcrash-loop' });
    expect((await post('/storm', { incidents: 3 })).json.incidents).toHaveLength(3);
    expect((await post('/play', { story: 'no such' })).status).toBe(400);
    expect((await post('/storm', { incidents: 201 })).status).toBe(400);
    const lines = await store.linesAbout({ subject: 'simulator', after: 0, skip: 0, limit: 100 });
    expect(lines.map(({ actor, action }) => [actor, action])).toEqual(
      expect.arrayContaining([['token:the-admin', 'operation.done']]),
    );
  });

  it('has a provider fail as it is told, until that is taken back', async () => {
    expect((await post('/providers/slack/fail', { fault: 'rate limit', times: 2 })).status).toBe(200);
    expect((await post('/providers/slack/fail', { fault: 'acts silently' })).status).toBe(200);
    expect(slack.faults()).toEqual([
      { kind: 'status', status: 429, headers: { 'retry-after': '5' }, times: 2 },
      { kind: 'hang-after', times: 3 },
    ]);
    await post('/providers/slack/fail', { fault: 'rate limit', times: 1 });
    expect((await show()).providers).toEqual([
      {
        provider: 'slack',
        faults: [
          { fault: 'rate limit', times: 3 },
          { fault: 'acts silently', times: 3 },
        ],
      },
    ]);
    expect((await post('/providers/slack/heal', {})).status).toBe(200);
    expect((await show()).providers).toEqual([{ provider: 'slack', faults: [] }]);
    expect((await post('/providers/jira/fail', { fault: 'error' })).status).toBe(404);
    expect((await post('/providers/slack/fail', { fault: 'fire' })).status).toBe(400);
  });

  it('stops and starts the worker', async () => {
    expect((await post('/worker', { state: 'stopped' })).json).toEqual({ state: 'stopped' });
    expect([worker.isRunning(), (await show()).worker]).toEqual([false, 'stopped']);
    await post('/worker', { state: 'running' });
    expect([worker.isRunning(), (await show()).worker]).toEqual([true, 'running']);
  });

  it('shows what the providers have changed, newest first', async () => {
    ledger.push(
      { at: '2026-11-20T09:00:00.000Z', provider: 'slack', effect: 'channel created', target: 'C1' },
      { at: '2026-11-20T09:00:01.000Z', provider: 'slack', effect: 'message posted', target: 'C1', key: 'k' },
    );
    expect((await show()).ledger.map(({ effect }: Effect) => effect)).toEqual([
      'message posted',
      'channel created',
    ]);
    expect((await served.ask('GET', '/api/v1/simulator?limit=1')).json.ledger).toHaveLength(1);
  });

  it('is for admins alone, and not there where nothing is simulated', async () => {
    for (const role of ['viewer', 'responder', 'approver', 'operator']) {
      expect((await served.ask('GET', '/api/v1/simulator', { token: role })).status).toBe(403);
      expect((await post('/storm', {}, role)).status).toBe(403);
      expect((await post('/worker', { state: 'stopped' }, role)).status).toBe(403);
    }
    expect(worker.isRunning()).toBe(true);
    const real = await serve(store);
    expect((await real.ask('GET', '/api/v1/simulator')).status).toBe(404);
    for (const [path, body] of [
      ['/play', { story: 'crash-loop' }],
      ['/storm', {}],
      ['/providers/slack/fail', { fault: 'error' }],
      ['/providers/slack/heal', {}],
      ['/worker', { state: 'stopped' }],
    ] as const)
      expect((await post(path, body, 'admin', real)).status).toBe(404);
    expect((await real.ask('GET', '/api/v1/simulator', { token: 'viewer' })).status).toBe(403);
    await real.close();
  });
});
