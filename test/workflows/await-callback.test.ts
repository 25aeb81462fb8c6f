import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, describe, expect, it } from 'vitest';
import { activities } from '../../activities/index.ts';
import { createLog } from '../../log/log.ts';
import { createApp, createHttpServer } from '../../server/app.ts';
import { createMetrics } from '../../server/metrics.ts';
import { createInbox } from '../../server/receiving/inbox.ts';
import { startWorker } from '../../worker/worker.ts';
import { testAuthority } from '../authority.ts';
import { clientsFor } from '../clients.ts';
import { embeddedWorld } from '../store/world.ts';
import { startTimeSkipping, testBundle } from '../temporal.ts';
import { eventually } from '../world.ts';
import { startRun, tellRun } from './asking-runs.ts';
import { forgetful, loadTest, twice } from './fixture/calling-back.ts';

const temporal = await startTimeSkipping();
const stored = await embeddedWorld();
const store = stored.newStore();
const bundle = testBundle();
const log: string[] = [];

/** Whoever runs the load test: it hears, and says what it was told back, as some do. */
const heard: { address: string; header: string; body: unknown }[] = [];
const tester = createServer(async (request, response) => {
  const body = JSON.parse((await request.toArray()).join(''));
  heard.push({ address: body.notify.url, header: String(request.headers['x-callback']), body });
  if (request.url === '/cut') return void request.socket.destroy();
  if (request.url === '/refuse') return void response.writeHead(422).end();
  response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ accepted: body }));
});
/** What a server has of callbacks. It reaches no Temporal. */
const server = createHttpServer(
  createApp({
    pagerDutySecrets: [],
    store,
    callbacks: store,
    inbox: createInbox(store, () => {}),
    takeFromSlack: () => async () => ({}),
    temporalState: () => ({ up: false, since: '2026-11-20T09:00:00.000Z' }),
    log: createLog((text) => text, { level: 'trace', destination: { write: (line) => log.push(line) } }),
    metrics: createMetrics(),
    simulated: [],
  }),
);
const listen = async (to: typeof tester) => {
  await new Promise<void>((resolve) => to.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(to.address() as AddressInfo).port}`;
};
const [testerUrl, serverUrl] = [await listen(tester), await listen(server)];

const worker = await startWorker({
  connection: temporal.nativeConnection,
  namespace: 'default',
  bundle,
  store,
  activities,
  clients: clientsFor({ HTTP_ALLOWED_HOSTS: '127.0.0.1' }),
  publicUrl: () => serverUrl,
  simulated: [],
  scrub: (text) => text,
  authority: testAuthority,
});
afterAll(async () => {
  await worker.stop();
  for (const each of [tester, server]) each.close();
  await store.close();
  await stored.close();
  await temporal.teardown();
});

const call = async (address: string, body: unknown) => {
  const headers = { 'content-type': 'application/json' };
  const { status } = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });
  return status;
};
const begin = async (input: { url?: string; assume?: boolean; repeatable?: boolean } = {}, cause = {}) => {
  const before = heard.length;
  const run = await startRun({ temporal, store }, 'test', loadTest, { url: testerUrl, ...input }, cause);
  return { run, told: () => eventually('the tester to be told', () => heard[before]) };
};
/** The dispatcher tells it, once it reaches Temporal. */
const dispatch = async (run: WorkflowHandle, number = 1) => {
  const { workflowId: runId } = run;
  await tellRun(run, 'callback.received', { callbackId: `${runId}#callback#${number}`, runId });
};
const historyOf = async (run: WorkflowHandle) => {
  const { events = [] } = await run.fetchHistory();
  return events?.map((event) => Buffer.from(JSON.stringify(event)).toString()).join('\n') ?? '';
};

describe('a run that has something done elsewhere', () => {
  it('passes on an address that nothing else knows, and goes on with what comes there', async () => {
    const { run, told } = await begin();
    const { address, header, body } = await told();
    expect(address).toMatch(new RegExp(`^${serverUrl}/callbacks/[\\w-]{43}$`));
    expect([header, body]).toEqual([address, { test: 'checkout "p99"', notify: { url: address } }]);
    expect(await call(address, { result: 'pass', score: 99.5, secretOfTheirs: 'dropped' })).toBe(202);
    await dispatch(run);
    expect(await run.result()).toBe('pass 99.5');
    const token = address.split('/').at(-1) ?? '';
    const payloads = JSON.stringify(await run.fetchHistory());
    const kept = await stored.db
      .selectFrom('callbacks')
      .selectAll()
      .where('run_id', '=', run.workflowId)
      .execute();
    const lines = await store.readRecord({ limit: 1_000 });
    expect(lines.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['callback.opened', 'callback.received', 'activity.completed']),
    );
    for (const text of [
      JSON.stringify(lines),
      JSON.stringify(kept),
      log.join(),
      payloads,
      await historyOf(run),
    ])
      for (const form of [token, Buffer.from(token).toString('base64').slice(4, -4)])
        expect(text).not.toContain(form);
    expect(JSON.stringify(lines)).not.toContain('dropped');
  });

  it('goes on without it where nobody has called in time, and the address takes nothing any more', async () => {
    const { run, told } = await begin();
    const { address } = await told();
    expect(await run.result()).toBe('no verdict');
    expect(await call(address, { result: 'pass' })).toBe(410);
  });

  it('finds what nobody told it of within the hour, and believes no event that the store does not confirm', async () => {
    const { run, told } = await begin();
    const { address } = await told();
    await dispatch(run);
    expect(await call(address, { result: 'fail' })).toBe(202);
    expect(await run.result()).toBe('fail without a score');
  });

  it('waits on where something else comes, and takes one answer', async () => {
    const { run, told } = await begin();
    const { address } = await told();
    expect(await call(address, { result: 'perhaps' })).toBe(400);
    expect(await Promise.all([1, 2].map(() => call(address, { result: 'pass' })))).toEqual(
      expect.arrayContaining([202, 409]),
    );
    await dispatch(run);
    expect(await run.result()).toBe('pass without a score');
  });

  it('takes nothing more once it has ended', async () => {
    const { run, told } = await begin();
    const { address } = await told();
    // The test server forgets a cancellation that comes while a step of the run is under way.
    await eventually('the run to wait', async () => {
      const { events } = await run.fetchHistory();
      return events?.at(-1)?.timerStartedEventAttributes;
    });
    await run.cancel();
    await expect(run.result()).rejects.toThrow();
    expect(await call(address, { result: 'pass' })).toBe(410);
  });

  it('goes on with what comes though the answer to its request was lost, and does not send it twice', async () => {
    const before = heard.length;
    const { run, told } = await begin({ url: `${testerUrl}/cut`, repeatable: false });
    const { address } = await told();
    expect(await call(address, { result: 'pass' })).toBe(202);
    await dispatch(run);
    expect(await run.result()).toBe('pass without a score');
    expect(heard).toHaveLength(before + 1);
  });

  it('fails once nobody has called in time where the answer was lost, and says that nobody knows whether it arrived', async () => {
    const { run } = await begin({ url: `${testerUrl}/cut`, repeatable: false });
    await expect(run.result()).rejects.toMatchObject({
      cause: {
        type: 'Conflict',
        message: expect.stringMatching(
          /^Nobody called back in time, and it is not known whether the request arrived.*may or may not have been taken/,
        ),
      },
    });
    const { startTime, closeTime } = await run.describe();
    expect((closeTime?.getTime() ?? 0) - startTime.getTime()).toBeGreaterThanOrEqual(2 * 3_600_000);
  });

  it('fails at once where its request was refused', async () => {
    const { run } = await begin({ url: `${testerUrl}/refuse`, repeatable: false });
    await expect(run.result()).rejects.toMatchObject({ cause: { cause: { type: 'ProviderRefused' } } });
    const { startTime, closeTime } = await run.describe();
    expect((closeTime?.getTime() ?? 0) - startTime.getTime()).toBeLessThan(3_600_000);
  });

  it('sends nothing that passes on no address', async () => {
    const before = heard.length;
    const run = await startRun({ temporal, store }, 'test', forgetful, { url: testerUrl });
    await expect(run.result()).rejects.toMatchObject({
      cause: { cause: { message: expect.stringContaining('passes on no callback') } },
    });
    expect(heard).toHaveLength(before);
  });

  it('that only looks sends nothing and waits for nothing', async () => {
    const before = heard.length;
    const observing = { mode: 'observe' as const };
    const { run } = await begin({}, observing);
    expect(await run.result()).toBe('no verdict');
    const assuming = await begin({ assume: true }, observing);
    expect(await assuming.run.result()).toBe('pass without a score');
    expect(heard).toHaveLength(before);
  });

  it('waits for another one in a later history', async () => {
    const run = await startRun({ temporal, store }, 'test', twice, {});
    for (const [index, result] of ['pass', 'fail'].entries()) {
      const id = `${run.workflowId}#callback#${index + 1}`;
      await eventually('it to be waited for', () => store.findCallback(id));
      expect(await call(`${serverUrl}/callbacks/${testAuthority.callbackToken(id)}`, { result })).toBe(202);
      const { workflowId } = run;
      await dispatch(temporal.client.workflow.getHandle(workflowId), index + 1);
    }
    expect(await run.result()).toBe('pass without a score, fail without a score');
  });
});
