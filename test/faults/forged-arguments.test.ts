import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carriedName, causeName, withLastArgument } from '../../domain/last-argument.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { clientConverter } from '../../worker/data-converter.ts';
import { taskQueue } from '../../worker/worker.ts';
import { signedMemo, testKeys } from '../authority.ts';
import { bundleOf, startTestTemporal } from '../temporal.ts';
import { noteSomething } from '../worker/fixture/noting.ts';
import { eventually, startWorld, type World } from '../world.ts';

const note = defineTrigger({
  name: 'note',
  on: 'pagerduty.incident.triggered',
  when: { 'asks for a note': ({ title }) => title.startsWith('Note') },
  run: noteSomething,
  input: ({ id }) => ({ incidentId: id, note: 'called for', waits: true }),
});

describe.each([
  ['encrypted', true],
  ['not encrypted', false],
])('where payloads are %s, a cause in an argument', (_, encrypts) => {
  const keys = { ...testKeys, encrypts };
  let temporal: TestWorkflowEnvironment;
  let world: World;
  let client: Client;
  beforeAll(async () => {
    const fixture = fileURLToPath(new URL('../worker/fixture/noting.ts', import.meta.url));
    temporal = await startTestTemporal();
    const bundle = await bundleOf(fixture, { encrypted: encrypts });
    world = await startWorld({ temporal, bundle, keys, triggers: [note] });
    client = new Client({ connection: temporal.connection, dataConverter: clientConverter(keys) });
  });
  afterAll(async () => {
    await world.close();
    await temporal.teardown();
  });

  const incident = (title = 'Quiet') => raiseIncident(world.pagerDuty, { title, service: 'Search' });
  const notesOn = (incidentId: string) =>
    world.pagerDuty.ledger.filter(({ effect, target }) => effect === 'note added' && target === incidentId);
  const actorsIn = async (workflowId: string) =>
    new Set((await world.record(workflowId)).map(({ actor }) => actor));

  /** The cause of a run that the server has started and that has not ended, as its calls bring it. */
  async function liveCause() {
    const incidentId = incident('Note later');
    const workflowId = `note/${incidentId}`;
    await eventually('the run', async () => (await world.run(workflowId))?.state === 'running');
    const handle = client.workflow.getHandle(workflowId);
    const { memo = {} } = await handle.describe();
    const input = { incidentId, note: 'called for', waits: true };
    return { incidentId, workflowId, handle, memo, input, call: { ...memo, input } };
  }

  async function isRefused(handle: Pick<WorkflowHandle, 'result'>): Promise<void> {
    const error = await handle.result().then(
      (result) => ({ message: `ended with ${result}` }),
      (thrown: unknown) => thrown,
    );
    const { cause } = error as { cause?: { type?: string; cause?: { type?: string } } };
    expect({ error, type: cause?.cause?.type ?? cause?.type }).toMatchObject({ type: 'NotAuthorized' });
  }

  it('is worth nothing to a run that is not its own, nor to a call by no run', async () => {
    const { incidentId, call } = await liveCause();
    const input = { incidentId, note: 'mine', second: { [causeName]: call } };
    await isRefused(
      await client.workflow.start('noteInsisting', {
        workflowId: `own/${randomUUID()}`,
        taskQueue,
        args: [input],
      }),
    );
    await isRefused(
      await client.activity.start('addPagerDutyNote', {
        id: `own-${randomUUID()}`,
        taskQueue,
        args: withLastArgument([{ incidentId, note: 'mine' }], causeName, call),
        startToCloseTimeout: '10 seconds',
      }),
    );
    expect(notesOn(incidentId)).toEqual([]);
  });

  it.each([
    ['that somebody has signed with another key', 'x'.repeat(43)],
    ['that is not signed', undefined],
  ])('%s changes nothing', async (__, signature) => {
    const incidentId = incident();
    const workflowId = `own/${randomUUID()}`;
    const cause = { trigger: 'mine', eventId: 'none', whenResolved: 'continue' };
    const second = { [causeName]: { cause, signature, input: { incidentId } } };
    const args = [{ incidentId, note: 'mine', second }];
    await isRefused(await client.workflow.start('noteInsisting', { workflowId, taskQueue, args }));
    expect(notesOn(incidentId)).toEqual([]);
  });

  it('that a workflow gives is not heard beside the signed one', async () => {
    const incidentId = incident();
    const workflowId = `own/${randomUUID()}`;
    const second = { [causeName]: { cause: { trigger: 'other' }, signature: 'x', input: {} } };
    const input = { incidentId, note: 'signed', second };
    const memo = signedMemo({ workflowId, workflow: 'noteInsisting', input }, { trigger: 'note' });
    const handle = await client.workflow.start('noteInsisting', {
      workflowId,
      taskQueue,
      args: [input],
      memo,
    });
    expect(await handle.result()).toBe('noted');
    expect(notesOn(incidentId)).toHaveLength(1);
    expect(await actorsIn(workflowId)).toEqual(new Set(['trigger:note']));
  });

  it('goes along when its run begins anew, with another input', async () => {
    const incidentId = incident();
    const input = { incidentId, note: 'first', next: 'second' };
    const workflowId = `own/${randomUUID()}`;
    const memo = signedMemo({ workflowId, workflow: 'noteSomething', input });
    const handle = await client.workflow.start('noteSomething', {
      workflowId,
      taskQueue,
      args: [input],
      memo,
    });
    expect(await handle.result()).toBe('noted');
    expect(notesOn(incidentId)).toHaveLength(1);
  });

  it('does not fit another input because an argument of a start says so', async () => {
    const { incidentId, workflowId, handle, memo, input } = await liveCause();
    await handle.terminate('makes room for others under its name');
    const carried = { calls: [], firstInput: input, takenIds: [], unseen: [] };
    const args = withLastArgument([{ incidentId, note: 'mine' }], carriedName, carried);
    const retry = { maximumAttempts: 2, initialInterval: 10 };
    await isRefused(
      await client.workflow.start('noteSomething', { workflowId, taskQueue, args, memo, retry }),
    );
    const cron = { workflowId, taskQueue, args, memo, cronSchedule: '@every 1s' };
    const repeated = await client.workflow.start('noteSomething', cron);
    const refusals = async () =>
      [...(await world.record(incidentId)), ...(await world.record(workflowId))].filter(
        ({ action }) => action === 'activity.refused',
      );
    await eventually('the second time', async () => (await refusals()).length >= 3);
    await repeated.terminate();
    expect(notesOn(incidentId)).toEqual([]);
  });
});
