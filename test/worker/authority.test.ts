import { randomUUID } from 'node:crypto';
import { Client, type WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorityOf } from '../../secrets/authority.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { taskQueue } from '../../worker/worker.ts';
import type { RunMemo } from '../../workflows/kit/run.ts';
import { signedMemo } from '../authority.ts';
import { testBundle } from '../temporal.ts';
import { eventually, startWorld, type World } from '../world.ts';
import { type Noting, noteSomething } from './fixture/noting.ts';

const note = defineTrigger({
  name: 'note',
  on: 'pagerduty.incident.triggered',
  when: { 'asks for a note': ({ title }) => title.startsWith('Note') },
  run: noteSomething,
  input: ({ id, title }): Noting => ({ incidentId: id, note: 'called for', waits: title === 'Note later' }),
});

let world: World;
beforeAll(async () => {
  const bundle = testBundle();
  world = await startWorld({ bundle, triggers: [note] });
});
afterAll(() => world.close());

const incident = (title = 'Quiet') => raiseIncident(world.pagerDuty, { title, service: 'Search' });
const notesOn = (incidentId: string) =>
  world.pagerDuty.ledger.filter(({ effect, target }) => effect === 'note added' && target === incidentId);

interface Started {
  workflow?: string;
  workflowId?: string;
  input: Noting;
  memo?: Record<string, unknown>;
}

/** Starts a workflow as somebody does who reaches Temporal and has no key. */
const start = ({ workflow = 'noteSomething', workflowId = `own/${randomUUID()}`, input, memo }: Started) =>
  world.temporal.client.workflow.start(workflow, {
    workflowId,
    taskQueue,
    args: [input],
    ...(memo ? { memo } : {}),
  });

async function refusalOf(handle: WorkflowHandle | { result(): Promise<unknown> }): Promise<string> {
  const failed = (await handle.result().then(
    (result) => ({ message: `ended with ${String(result)}` }),
    (error: unknown) => error,
  )) as { message: string; cause?: { message: string; cause?: { type?: string; message: string } } };
  const reason = failed.cause?.cause ?? failed.cause;
  expect({ ...reason, message: reason?.message ?? failed.message }).toMatchObject({ type: 'NotAuthorized' });
  return reason?.message ?? '';
}

/** A run that the server has started for an event and that has not ended, with all that Temporal tells of it. */
async function liveRun() {
  const incidentId = incident('Note later');
  const workflowId = `note/${incidentId}`;
  await eventually('the run', async () => (await world.run(workflowId))?.state === 'running');
  const handle = world.temporal.client.workflow.getHandle(workflowId);
  const { memo = {} } = await handle.describe();
  const input: Noting = { incidentId, note: 'called for', waits: true };
  return { incidentId, workflowId, handle, memo, input };
}

describe('a change', () => {
  it('is made by a run that the server has started for an event, in the name of its trigger', async () => {
    const incidentId = incident('Note now');
    await eventually('the note', () => notesOn(incidentId).length === 1);
    const actors = (await world.record(incidentId))
      .filter(({ action }) => action.startsWith('activity.') || action === 'run.said')
      .map(({ actor }) => actor);
    expect(new Set(actors)).toEqual(new Set(['trigger:note']));
  });

  it('of a run that a person has started by hand is made by Baton, and the record names the person', async () => {
    const incidentId = incident();
    const workflowId = `manual/${randomUUID()}`;
    const input = { incidentId, note: 'by hand' };
    const startedBy = { kind: 'person', name: 'nobody-at-pagerduty@example.com' } as const;
    const memo = signedMemo(
      { workflowId, workflow: 'noteSomething', input },
      { trigger: 'manual', subject: incidentId, startedBy },
    );
    await (await start({ workflowId, input, memo: { ...memo } })).result();
    expect(notesOn(incidentId)).toHaveLength(1);
    const lines = await world.record(incidentId);
    const made = lines.find(({ action }) => action === 'activity.completed');
    expect(made?.actor).toBe(`person:${startedBy.name}`);
  });

  it('is refused to a workflow that somebody else has started, and the record tells of it', async () => {
    const incidentId = incident();
    const handle = await start({ input: { incidentId, note: 'mine' } });
    expect(await refusalOf(handle)).toContain('the call names no cause');
    expect(notesOn(incidentId)).toEqual([]);
    const rows = await world.record(handle.workflowId);
    expect(rows.find(({ action }) => action === 'activity.refused')).toMatchObject({
      actor: 'trigger:none',
      detail: { activity: 'addPagerDutyNote', run: handle.workflowId, input: { incidentId, note: 'mine' } },
    });
  });

  it('is refused where cause and signature were made up, or signed with another key', async () => {
    const incidentId = incident();
    const input = { incidentId, note: 'mine' };
    const workflowId = `own/${randomUUID()}`;
    const good = signedMemo({ workflowId, workflow: 'noteSomething', input }) as unknown as RunMemo;
    const run = { runId: workflowId, workflow: 'noteSomething', input, cause: good.cause };
    const memos: Record<string, unknown>[] = [
      { cause: good.cause },
      { cause: good.cause, signature: '' },
      { cause: good.cause, signature: 'x'.repeat(good.signature.length) },
      { cause: good.cause, signature: authorityOf('the key of somebody else').sign(run) },
      { cause: { ...good.cause, trigger: 'other' }, signature: good.signature },
      { cause: { ...good.cause, subject: 'POTHER1' }, signature: good.signature },
      { cause: { ...good.cause, target: 'other' }, signature: good.signature },
      {
        cause: { ...good.cause, by: { kind: 'person', id: 'U0ADA', name: 'ada' } },
        signature: good.signature,
      },
      { cause: 'mine', signature: good.signature },
    ];
    for (const memo of memos) await refusalOf(await start({ workflowId, input, memo }));
    expect(notesOn(incidentId)).toEqual([]);
    // And what all of them were made from is good.
    expect(await (await start({ workflowId, input, memo: { ...good } })).result()).toBe('noted');
  });

  it('is refused to another run, another workflow and another input with the cause of a live run', async () => {
    const { incidentId, workflowId, handle, memo, input } = await liveRun();
    await refusalOf(await start({ input: { ...input, waits: false }, memo }));
    await refusalOf(await start({ workflowId: `${workflowId}/2`, input: { ...input, waits: false }, memo }));
    await handle.terminate('makes room for others under its name');
    await refusalOf(await start({ workflowId, workflow: 'noteElsewhere', input, memo }).then(goingOn));
    await refusalOf(await start({ workflowId, input: { ...input, note: 'mine' }, memo }).then(goingOn));
    await refusalOf(await start({ workflowId, input: { ...input, waits: false }, memo }));
    const other = incident();
    await refusalOf(await start({ workflowId, input: { ...input, incidentId: other }, memo }).then(goingOn));
    expect([...notesOn(incidentId), ...notesOn(other)]).toEqual([]);
    // A run that Temporal has lost is started again by the same id, workflow, input and cause.
    expect(await (await start({ workflowId, input, memo }).then(goingOn)).result()).toBe('noted');
    expect(notesOn(incidentId)).toHaveLength(1);
  });

  it('is refused to a run that has ended, whose cause was kept', async () => {
    const incidentId = incident('Note now');
    const workflowId = `note/${incidentId}`;
    await eventually('the end', async () => (await world.run(workflowId))?.endedAt);
    const ended = world.temporal.client.workflow.getHandle(workflowId);
    await ended.result();
    const { memo = {} } = await ended.describe();
    const input = { incidentId, note: 'called for', waits: false };
    expect(await refusalOf(await start({ workflowId, input, memo }))).toContain('its run has ended');
    expect(notesOn(incidentId)).toHaveLength(1);
  });

  it('is refused where an activity is called by itself', async () => {
    const { incidentId, memo, input } = await liveRun();
    const header = { ...memo, input };
    const client = new Client({
      connection: world.temporal.connection,
      interceptors: {
        activity: [
          {
            start: (call, next) =>
              next({
                ...call,
                headers: { ...call.headers, baton: defaultPayloadConverter.toPayload(header) },
              }),
          },
        ],
      },
    });
    const call = await client.activity.start('addPagerDutyNote', {
      id: `own-${randomUUID()}`,
      taskQueue,
      args: [{ incidentId, note: 'mine' }],
      startToCloseTimeout: '10 seconds',
    });
    await expect(call.result()).rejects.toMatchObject({ cause: { type: 'NotAuthorized' } });
    expect(notesOn(incidentId)).toEqual([]);
  });
});

async function goingOn(handle: WorkflowHandle): Promise<WorkflowHandle> {
  await handle.signal('goOn');
  return handle;
}

describe('the actor of a change', () => {
  const ada = { kind: 'person', name: 'Ada Lopez', email: 'ada@example.com' } as const;

  it('is not who the workflow says', async () => {
    const incidentId = incident();
    const input = { incidentId, note: 'not hers', actor: ada };
    const workflowId = `own/${randomUUID()}`;
    const memo = signedMemo({ workflowId, workflow: 'noteSomething', input }, { trigger: 'note' });
    expect(await (await start({ workflowId, input, memo })).result()).toBe('noted');
    expect(notesOn(incidentId).map(({ by }) => by)).not.toContain(ada.email);
    const actors = (await world.record(workflowId)).map(({ actor }) => actor);
    expect(new Set(actors)).toEqual(new Set(['trigger:note']));
  });

  it('is the person of the signed cause, as Slack knows the address', async () => {
    const incidentId = incident();
    const input = { incidentId, note: 'hers' };
    const workflowId = `own/${randomUUID()}`;
    const by = { kind: 'person', id: 'U0ADA', name: 'ada' } as const;
    const memo = signedMemo({ workflowId, workflow: 'noteSomething', input }, { by });
    expect(await (await start({ workflowId, input, memo })).result()).toBe('noted');
    expect(notesOn(incidentId).map(({ by: from }) => from)).toEqual([ada.email]);
  });

  it('has nothing done in Baton’s name instead where nobody knows that person’s address', async () => {
    const incidentId = incident();
    const input = { incidentId, note: 'whose?' };
    const workflowId = `own/${randomUUID()}`;
    const by = { kind: 'person', id: 'U0NOBODY', name: 'nobody' } as const;
    const memo = signedMemo({ workflowId, workflow: 'noteSomething', input }, { by });
    await expect((await start({ workflowId, input, memo })).result()).rejects.toThrow();
    expect(notesOn(incidentId)).toEqual([]);
  });
});

describe('a run in plan mode', () => {
  it('changes nothing, also when it begins anew, and says what it would change', async () => {
    const incidentId = incident();
    const input = { incidentId, note: 'first', next: 'second' };
    const workflowId = `own/${randomUUID()}`;
    const memo = signedMemo({ workflowId, workflow: 'noteSomething', input }, { mode: 'plan' });
    expect(await (await start({ workflowId, input, memo })).result()).toBe('noted');
    expect(notesOn(incidentId)).toEqual([]);
    const lines = (await world.record(workflowId)).filter(({ action }) => action.startsWith('activity.'));
    expect(lines).toMatchObject([
      {
        action: 'activity.planned',
        detail: { plan: { summary: `Adds a note to incident ${incidentId}` }, input: { note: 'second' } },
      },
    ]);
  });
});

describe('a cause', () => {
  it('goes along when a run begins anew, with another input', async () => {
    const incidentId = incident();
    const input = { incidentId, note: 'first', next: 'second' };
    const workflowId = `own/${randomUUID()}`;
    const memo = signedMemo({ workflowId, workflow: 'noteSomething', input });
    expect(await (await start({ workflowId, input, memo })).result()).toBe('noted');
    expect(notesOn(incidentId)).toHaveLength(1);
  });

  it('does not fit another input because the headers of a start say so', async () => {
    const { incidentId, workflowId, handle, memo, input } = await liveRun();
    await handle.terminate('makes room for others under its name');
    const carried = { renewals: 1, firstInput: input, takenIds: [], unseen: [] };
    const client = new Client({
      connection: world.temporal.connection,
      interceptors: {
        workflow: [
          {
            start: (call, next) =>
              next({
                ...call,
                headers: { ...call.headers, batonLuggage: defaultPayloadConverter.toPayload(carried) },
              }),
          },
        ],
      },
    });
    const args = [{ incidentId, note: 'mine' }];
    // The second attempt is one that has an earlier one before it, as a run that begins anew has.
    const retry = { maximumAttempts: 2, initialInterval: 10 };
    const forged = await client.workflow.start('noteSomething', { workflowId, taskQueue, args, memo, retry });
    await refusalOf(forged);
    const cron = { workflowId, taskQueue, args, memo, cronSchedule: '@every 1s' };
    const repeated = await client.workflow.start('noteSomething', cron);
    const refusals = async () =>
      (await world.record(incidentId))
        .concat(await world.record(workflowId))
        .filter(({ action }) => action === 'activity.refused');
    await eventually('the second time', async () => (await refusals()).length >= 3);
    await repeated.terminate();
    expect(notesOn(incidentId)).toEqual([]);
  });

  it('stays when a run is set back', async () => {
    const { incidentId, workflowId, handle } = await liveRun();
    const { workflowService } = world.temporal.client;
    const first = await eventually('the first task of the run', async () => {
      const { events } = await handle.fetchHistory();
      return events?.find(({ workflowTaskCompletedEventAttributes: is }) => is);
    });
    await workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId: (await handle.describe()).runId },
      reason: 'test',
      workflowTaskFinishEventId: first.eventId ?? null,
      requestId: randomUUID(),
    });
    const again = world.temporal.client.workflow.getHandle(workflowId);
    await again.signal('goOn');
    expect(await again.result()).toBe('noted');
    expect(notesOn(incidentId)).toHaveLength(1);
  });
});
