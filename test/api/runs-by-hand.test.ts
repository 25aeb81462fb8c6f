import { Client, Connection } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { RunCause } from '../../domain/incident.ts';
import { noConnections } from '../../processes/connections.ts';
import { authorityOf } from '../../secrets/authority.ts';
import type { Store } from '../../store/store.ts';
import { newsByHand } from '../cli/fixture/trigger.ts';
import { embeddedWorld, fresh, type World } from '../store/world.ts';
import { startTestTemporal } from '../temporal.ts';
import { incident, type Served, serve } from './served.ts';

const authority = authorityOf('a key of this test alone');

describe('a run that somebody starts by hand', () => {
  let temporal: TestWorkflowEnvironment;
  let client: Client;
  let world: World;
  let store: Store;
  let served: Served;
  beforeAll(async () => {
    temporal = await startTestTemporal();
    client = new Client({ connection: temporal.connection });
    world = await embeddedWorld();
    store = world.newStore();
    served = await serve(store, { runs: { client, taskQueue: 'none', eagerStart: false, authority } });
  });
  afterAll(async () => {
    await served.close();
    await world.close();
    await temporal.teardown();
  });

  const start = (incidentId: string, key?: string, token = 'responder') =>
    served.ask('POST', '/api/v1/runs', {
      token,
      body: { workflow: 'waitForNews', input: { incidentId }, reason: 'It is worth a try' },
      headers: key === undefined ? {} : { 'idempotency-key': key },
    });
  const linesOf = (subject: string) => store.linesAbout({ subject, after: 0, skip: 0, limit: 100 });

  it('begins in Temporal with a signed cause, and the record says who and why', async () => {
    const { subject } = await incident(store);
    const { status, json } = await start(subject);
    expect([status, json]).toMatchObject([
      200,
      {
        isNew: true,
        run: { trigger: 'manual', subject, workflow: 'waitForNews', state: 'running', eventSeq: 0 },
      },
    ]);
    expect(json.run.id).toMatch(/^manual\/\d{8}T\d{6}Z-[0-9a-f]{8}$/);
    const { memo, type } = await client.workflow.getHandle(json.run.id).describe();
    const { cause, signature } = memo as { cause: unknown; signature: string };
    expect(type).toBe('waitForNews');
    expect(cause).toMatchObject({
      startedBy: { kind: 'token', name: 'the-responder' },
      subject,
      whenResolved: 'stop',
    });
    const signed = { runId: json.run.id, workflow: 'waitForNews', input: { incidentId: subject }, cause };
    expect(authority.isSigned(signed, signature)).toBe(true);
    expect((await linesOf(subject)).filter(({ actor }) => actor === 'token:the-responder')).toMatchObject([
      { action: 'run.started', detail: { run: json.run.id, reason: 'It is worth a try' } },
    ]);
  });

  it('knows whose token it was that started it', async () => {
    const { subject } = await incident(store);
    const token = 'deploys of Ada';
    served.principals.set(token, {
      kind: 'token',
      name: 'deploys',
      role: 'responder',
      alsoKnownAs: ['person:ada@example.com'],
    });
    const { json } = await start(subject, undefined, token);
    const { memo } = await client.workflow.getHandle(json.run.id).describe();
    expect(memo).toMatchObject({
      cause: { startedBy: { kind: 'token', name: 'deploys', alsoKnownAs: ['person:ada@example.com'] } },
    });
  });

  describe('on an incident of a named account', () => {
    const routes = [
      { provider: 'pagerduty', workflow: 'waitForNews', connection: 'us' },
      { provider: 'jira', service: 'eu/PPAY', connection: 'web' },
      { provider: 'slack', service: 'PPAY', connection: 'acme' },
    ];
    const startThere = async (incidentId: string) => {
      const there = await serve(store, {
        runs: { client, taskQueue: 'none', eagerStart: false, authority },
        connections: {
          ...noConnections,
          look: async () => ({ version: 1, connections: new Map(), routes, defaults: new Map() }),
        },
      });
      const answer = await there.ask('POST', '/api/v1/runs', {
        body: { workflow: 'waitForNews', input: { incidentId }, reason: 'x' },
      });
      await there.close();
      return answer;
    };
    const memoOf = async (id: string) =>
      (await client.workflow.getHandle(id).describe()).memo as { cause: RunCause; input: unknown };

    it('acts on that account alone, and the workflow gets the id that PagerDuty knows', async () => {
      const eu = await incident(store, 'PPAY', 'x', { connection: 'eu' });
      const { status, json } = await startThere(eu.subject);
      expect([status, json.run?.subject]).toEqual([200, eu.subject]);
      const { cause } = await memoOf(json.run.id);
      expect(cause).toMatchObject({ subject: eu.subject, connection: 'eu', target: eu.subject });
      expect(cause.connections).toEqual({ pagerduty: 'eu', jira: 'web' });
      const { events } = await client.workflow.getHandle(json.run.id).fetchHistory();
      const [input] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
      expect(Buffer.from(input?.data ?? []).toString()).toBe(
        JSON.stringify({ incidentId: eu.subject.slice('eu/'.length) }),
      );
    });

    it('that has its id from another account is not the other one', async () => {
      const eu = await incident(store, 'PPAY', 'x', { connection: 'eu' });
      const id = eu.subject.slice('eu/'.length);
      expect((await startThere(id)).status).toBe(404);
      await incident(store, 'PPAY', 'x', { id });
      const { json } = await startThere(id);
      const { cause } = await memoOf(json.run.id);
      expect(cause.connection).toBeUndefined();
      expect(cause.connections).toEqual({ slack: 'acme' });
    });
  });

  it('of a workflow that is destructive is started by who may decide or operate', async () => {
    const there = await serve(store, {
      runs: { client, taskQueue: 'none', eagerStart: false, authority },
      workflows: async () => ({
        names: ['waitForNews'],
        startable: [{ ...newsByHand, kind: 'destructive' as const }],
      }),
    });
    const { subject } = await incident(store);
    const by = (token: string) =>
      there.ask('POST', '/api/v1/runs', {
        token,
        body: { workflow: 'waitForNews', input: { incidentId: subject }, reason: 'x' },
      });
    expect(await by('responder')).toMatchObject({
      status: 403,
      json: { detail: expect.stringContaining('approver, operator, or admin') },
    });
    for (const role of ['approver', 'operator', 'admin']) expect((await by(role)).status).toBe(200);
    const mayStart = async (token: string) =>
      (await there.ask('GET', '/api/v1/workflows', { token })).json.items[0].can;
    expect(await mayStart('viewer')).toEqual({
      start: expect.stringContaining('runs.start needs'),
      plan: expect.stringContaining('runs.start needs'),
    });
    expect(await mayStart('responder')).toEqual({
      start: expect.stringContaining('approver, operator, or admin'),
      plan: true,
    });
    expect(await mayStart('approver')).toEqual({ start: true, plan: true });
    await there.close();
  });

  it('is one run under one key, also once the answer is forgotten, and another one for another sender', async () => {
    const { subject } = await incident(store);
    const key = fresh('key-');
    const first = (await start(subject, key)).json;
    expect((await start(subject, key)).json).toEqual(first);
    await world.run('delete from answers');
    expect((await start(subject, key)).json).toMatchObject({ isNew: false, run: { id: first.run.id } });
    await world.run('delete from answers');
    const other = await incident(store);
    expect((await start(other.subject, key)).status).toBe(422);
    expect((await start(subject, key, 'operator')).json.run.id).not.toBe(first.run.id);
  });

  it('is another one where its input is another, also once the answer is forgotten', async () => {
    const { subject } = await incident(store);
    const schema = z.strictObject({ incidentId: z.string(), note: z.string(), more: z.string() });
    const startable = [{ ...newsByHand, input: schema, workflowInput: (given: unknown) => given }];
    const there = await serve(store, {
      runs: { client, taskQueue: 'none', eagerStart: false, authority },
      workflows: async () => ({ names: ['waitForNews'], startable }),
    });
    onTestFinished(() => there.close());
    const key = { 'idempotency-key': fresh('key-') };
    const by = async (input: object) => {
      await world.run('delete from answers');
      const body = { workflow: 'waitForNews', input, reason: 'x' };
      return (await there.ask('POST', '/api/v1/runs', { body, headers: key })).status;
    };
    expect(await by({ incidentId: subject, note: 'one', more: 'x' })).toBe(200);
    expect(await by({ more: 'x', note: 'one', incidentId: subject })).toBe(200);
    expect(await by({ incidentId: subject, note: 'two', more: 'x' })).toBe(422);
  });

  it('is not started on an incident that nobody knows, or that is resolved', async () => {
    expect((await start('QNOBODY')).status).toBe(404);
    const { subject } = await incident(store);
    await world.run(`update incidents set status = 'resolved' where id = '${subject}'`);
    expect((await start(subject)).status).toBe(409);
  });

  it('tells whoever is limited of an incident of others as of one that there is not', async () => {
    served.principals.set('limited', {
      kind: 'token',
      name: 'limited',
      role: 'responder',
      scope: { services: ['PMINE'] },
    });
    const { subject } = await incident(store, 'PTHEIRS');
    const others = await start(subject, undefined, 'limited');
    const nobodys = await start('QNOBODY', undefined, 'limited');
    expect(others.status).toBe(404);
    expect(others.json.detail).toContain('incidents.list tells those there are');
    expect(others.json.detail.replace(subject, 'QNOBODY')).toBe(nobodys.json.detail);
    expect(nobodys.json.detail).toBe((await start('QNOBODY')).json.detail);
  });

  it('is kept while Temporal is away, and waits to be started', async () => {
    const connection = Connection.lazy({ address: '127.0.0.1:1', connectTimeout: 200 });
    const runs = { client: new Client({ connection }), taskQueue: 'none', eagerStart: false, authority };
    const away = await serve(store, { runs });
    const { subject } = await incident(store);
    const answer = await away.ask('POST', '/api/v1/runs', {
      body: { workflow: 'waitForNews', input: { incidentId: subject }, reason: 'x' },
    });
    expect(answer).toMatchObject({ status: 200, json: { run: { state: 'starting' } } });
    const stopped = await away.ask('POST', `/api/v1/runs/${answer.json.run.id}/stop`, {
      body: { reason: 'x' },
    });
    expect(stopped).toMatchObject({ status: 503, json: { title: 'Temporal is away' } });
    await away.close();
    await connection.close();
  }, 30_000);

  it('is told to stop, by whom and why', async () => {
    const { subject } = await incident(store);
    const { id } = (await start(subject)).json.run;
    const stop = () => served.ask('POST', `/api/v1/runs/${id}/stop`, { body: { reason: 'It does harm' } });
    expect((await stop()).json).toMatchObject({ id, stopping: true });
    const { events } = await client.workflow.getHandle(id).fetchHistory();
    expect(events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes)).toBe(true);
    expect((await linesOf(subject)).at(-1)).toMatchObject({
      actor: 'token:the-admin',
      action: 'operation.done',
      detail: { operation: 'runs.stop', input: { reason: 'It does harm' } },
    });
    await client.workflow.getHandle(id).terminate();
    expect((await stop()).status).toBe(409);
  });
});
