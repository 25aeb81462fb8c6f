import { Client, WorkflowNotFoundError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunCause } from '../../domain/incident.ts';
import { createLog } from '../../log/log.ts';
import { authorityOf } from '../../secrets/authority.ts';
import { startReconciler } from '../../server/temporal/reconcile.ts';
import type { Store } from '../../store/store.ts';
import { delivery, embeddedWorld, fresh, type World } from '../store/world.ts';
import { startTestTemporal } from '../temporal.ts';

let temporal: TestWorkflowEnvironment;
let client: Client;
let world: World;
let store: Store;
beforeAll(async () => {
  temporal = await startTestTemporal();
  client = new Client({ connection: temporal.connection });
  world = await embeddedWorld();
  store = world.newStore();
});
afterAll(async () => {
  await world.close();
  await temporal.teardown();
});

/** A run that the store has live, an hour old, and of which Temporal knows nothing. */
async function lostRun(changes: { whenResolved?: 'stop' | 'continue'; settle?: false } = {}) {
  const subject = fresh('QLOST');
  const { seq } = await store.receive(delivery({ subject }));
  const id = `ec2-unhealthy/${subject}`;
  const input = { incidentId: subject, text: 'odd \ud800\0' };
  const cause: RunCause = {
    trigger: 'ec2-unhealthy',
    eventId: 'E1',
    eventType: 'pagerduty.incident.triggered',
    subject,
    target: 'i-0123456789',
    whenResolved: changes.whenResolved ?? 'stop',
  };
  const run = {
    id,
    trigger: 'ec2-unhealthy',
    workflow: 'nobody',
    subject,
    target: 'i-0123456789',
    eventSeq: seq,
  };
  await store.decide({
    seq,
    incident: { id: subject, status: 'triggered', seenAt: '2026-11-25T10:00:00Z' },
    runs: [{ ...run, input, cause }],
    entries: [],
  });
  if (changes.settle !== false)
    await store.settle({ seq, disposition: 'dispatched', reason: 'x', started: [id], entries: [] });
  return { id, subject, input };
}

const makeOlder = (id: string, age: string) =>
  world.run(
    `update runs set created_at = now() - interval '${age}', seen_at = now() - interval '${age}' where id like '${id}'`,
  );

const start = (through = client) =>
  startReconciler({
    triggers: [],
    store,
    client: through,
    namespace: 'default',
    taskQueue: 'nobody-works-here',
    eagerStart: false,
    authority: authorityOf('a-key-for-this-test'),
    temporal: { up: true },
    log: createLog((text) => text, { destination: { write: () => {} } }),
  });
/** One round, of one page. */
const reconcile = (through = client) => start(through).stop();

/** Temporal as it is, but for what it says about one run. */
function refusing(id: string, error: Error): Client {
  const workflow = Object.assign(Object.create(client.workflow), {
    getHandle: (asked: string) =>
      asked === id ? { describe: () => Promise.reject(error) } : client.workflow.getHandle(asked),
  });
  return Object.create(client, { workflow: { value: workflow } });
}

const isKnown = (id: string) =>
  client.workflow
    .getHandle(id)
    .describe()
    .then(
      () => true,
      (error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      },
    );
const restarts = async (subject: string) =>
  (await store.readRecord({ subject, limit: 100 })).filter(({ action }) => action === 'run.restarted');

describe('a run that Temporal has lost', () => {
  it('is started again under the same id from its own input and cause, once, with a row in the record', async () => {
    const { id, subject, input } = await lostRun();
    await makeOlder(id, '1 hour');
    await Promise.all([reconcile(), reconcile()]);
    await reconcile();
    const { memo } = await client.workflow.getHandle(id).describe();
    expect(memo).toMatchObject({ cause: { trigger: 'ec2-unhealthy', eventId: 'E1', subject } });
    expect(await restarts(subject)).toMatchObject([
      { actor: 'baton', detail: { run: id, workflow: 'nobody' } },
    ]);
    const { events } = await client.workflow.getHandle(id).fetchHistory();
    const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    expect(JSON.parse(Buffer.from(payload ?? []).toString('utf8'))).toEqual(input);
    expect(await store.findRun(id)).toMatchObject({ state: 'running' });
  });

  it('is started again however its incident has gone on, but not when that is resolved', async () => {
    const acknowledged = await lostRun();
    const resolved = await lostRun();
    const goesOn = await lostRun({ whenResolved: 'continue' });
    for (const { id } of [acknowledged, resolved, goesOn]) await makeOlder(id, '1 hour');
    const mirror = async ({ subject }: { subject: string }, status: string) => {
      const { seq } = await store.receive(delivery({ subject }));
      await store.settle({
        seq,
        disposition: 'ignored',
        reason: 'x',
        started: [],
        entries: [],
        decision: { incident: { id: subject, status, seenAt: '2026-11-25T10:01:00Z' }, entries: [] },
      });
    };
    await mirror(acknowledged, 'acknowledged');
    await mirror(resolved, 'resolved');
    await mirror(goesOn, 'resolved');
    await reconcile();
    expect(await isKnown(acknowledged.id)).toBe(true);
    expect(await isKnown(goesOn.id)).toBe(true);
    expect(await isKnown(resolved.id)).toBe(false);
    expect(await store.findRun(resolved.id)).toMatchObject({ outcome: 'resolved elsewhere' });
  });

  it('learns again which incidents have joined it in a storm, and how they stand', async () => {
    const { id } = await lostRun();
    await makeOlder(id, '1 hour');
    const joined = fresh('QJOIN');
    for (const [minute, status] of ['triggered', 'acknowledged'].entries()) {
      const time = `2026-11-25T10:0${minute}:00Z`;
      const type = `pagerduty.incident.${status}`;
      const data = { id: joined, title: 'Slow', status, urgency: 'high', service: { id: 'P', name: 'P' } };
      const event = { id: fresh('event-'), source: '/pagerduty/default', type, subject: joined, time, data };
      const { seq } = await store.receive(
        delivery({ eventId: event.id, subject: joined, type, time, event }),
      );
      const incident = { id: joined, status, seenAt: time, gatheredBy: [id] };
      await store.decide({ seq, incident, runs: [], entries: [] });
      await store.settle({ seq, disposition: 'dispatched', reason: 'x', started: [], entries: [] });
    }
    await reconcile();
    const { events } = await client.workflow.getHandle(id).fetchHistory();
    const told = (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
      JSON.parse(Buffer.from(signal?.input?.payloads?.[0]?.data ?? '[]').toString('utf8')),
    );
    expect(told).toMatchObject([
      { type: 'incident.gathered', data: { incidentId: joined, status: 'triggered', isNew: true } },
      { type: 'incident.gathered', data: { incidentId: joined, status: 'acknowledged', isNew: false } },
    ]);
  });

  it('is started again also where Temporal cannot tell of an older one', async () => {
    const [broken, lost] = [await lostRun(), await lostRun()];
    for (const { id } of [broken, lost]) await makeOlder(id, '1 hour');
    const error = Object.assign(new Error('corrupted state'), { code: 13 });
    await reconcile(refusing(broken.id, error));
    expect(await isKnown(lost.id)).toBe(true);
    expect(await isKnown(broken.id)).toBe(false);
  });

  it('is not started again where it may have ended and been forgotten, nor while its event is at hand', async () => {
    const forgotten = await lostRun();
    await makeOlder(forgotten.id, '400 days');
    const young = await lostRun({ settle: false });
    await makeOlder(young.id, '1 hour');
    await reconcile();
    expect(await isKnown(forgotten.id)).toBe(false);
    expect(await store.findRun(forgotten.id)).toMatchObject({
      state: 'failed',
      failure: { class: 'Forgotten' },
    });
    expect(await isKnown(young.id)).toBe(false);
    expect(await store.findRun(young.id)).toMatchObject({ state: 'starting' });
  });

  it('is found among more than a thousand', async () => {
    const half = () => Promise.all(Array.from({ length: 510 }, () => lostRun()));
    const runs = [...(await half()), ...(await half())];
    await makeOlder('%', '1 hour');
    const reconciler = start();
    const last = runs.at(-1)?.id ?? '';
    await expect.poll(() => isKnown(last), { timeout: 40_000 }).toBe(true);
    await reconciler.stop();
    for (const { id, subject } of [runs[0], runs[500], runs.at(-1)].flatMap((run) => run ?? [])) {
      expect(await isKnown(id)).toBe(true);
      expect(await restarts(subject)).toHaveLength(1);
    }
  }, 60_000);
});
