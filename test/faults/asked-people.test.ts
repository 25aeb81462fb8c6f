import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Approval } from '../../domain/approval.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { runFailed } from '../../triggers/run-failed.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { clientConverter } from '../../worker/data-converter.ts';
import type { Asking } from '../../workflows/kit/ask-approval.ts';
import { testKeys } from '../authority.ts';
import { bundleOf } from '../temporal.ts';
import { approvalAnswered, openTheDoor, writeNote } from '../workflows/fixture/asking.ts';
import { eventually, startWorkerBeside, startWorld, type World } from '../world.ts';

const asking: Asking = { approvers: { role: 'approver' }, expiresIn: '1 hour' };
const about = (word: string) => ({
  [`is about ${word}`]: ({ title }: { title: string }) => title.startsWith(word),
});
const triggers = [
  defineTrigger({
    name: 'note',
    on: 'pagerduty.incident.triggered',
    when: about('Note'),
    run: writeNote,
    input: ({ id }) => ({ incidentId: id, asking }),
  }),
  defineTrigger({
    name: 'door',
    on: 'pagerduty.incident.triggered',
    when: about('Door'),
    run: openTheDoor,
    input: ({ title }) => ({
      ...asking,
      onExpire: 'page' as const,
      ...(title.endsWith('soon') ? { expiresIn: '1 second' as const } : {}),
    }),
    target: () => 'north',
  }),
  runFailed,
];
const path = fileURLToPath(new URL('../workflows/fixture/asking.ts', import.meta.url));

let bundles: Record<'plain' | 'encrypted', WorkflowBundle>;
let world: World;
beforeAll(async () => {
  const [plain, encrypted] = await Promise.all([bundleOf(path), bundleOf(path, { encrypted: true })]);
  bundles = { plain, encrypted };
  world = await startWorld({ triggers, bundle: plain });
});
afterAll(() => world.close());

const raise = (title: string, { pagerDuty } = world) =>
  raiseIncident(pagerDuty, { title, service: 'Search' });
const asked = (subject: string, { store } = world) =>
  eventually('an approval to be asked for', async (): Promise<Approval | undefined> => {
    const { items } = await store.pageOfApprovals({ subject, state: 'pending', limit: 1 });
    return items[0];
  });
const approve = ({ id }: Approval, { store } = world) =>
  store.answerApproval(id, { by: 'person:ben@example.com', name: 'Ben', via: 'cli', decision: 'approved' });
const ended = (id: string, { run } = world) =>
  eventually('the run to end', async () => {
    const found = await run(id);
    return found?.endedAt ? found : undefined;
  });
const notes = (id: string, { pagerDuty } = world) =>
  pagerDuty.world.notes.filter(({ incidentId }) => incidentId === id).map(({ content }) => content);

describe('a run that asks people', () => {
  it('pages where nobody has answered in time, until a later run on the same target is approved', async () => {
    const alerts = () =>
      world.pagerDuty.world.alerts.filter(({ key }) => key === 'baton/openTheDoor/ApprovalExpired/north');
    const late = raise('Door, soon');
    expect(await ended(`door/${late}`)).toMatchObject({
      state: 'failed',
      failure: { class: 'ApprovalExpired' },
    });
    await eventually('the page', () => alerts().some(({ status }) => status !== 'resolved'));
    const next = raise('Door');
    await approve(await asked(next));
    expect((await ended(`door/${next}`)).outcome).toBe('approved');
    await eventually('the page to be taken back', () =>
      alerts().every(({ status }) => status === 'resolved'),
    );
    expect(alerts()).toHaveLength(1);
  });

  it('answers an update with true once it has taken the answer up', async () => {
    const id = raise('Door');
    const approval = await asked(id);
    await approve(approval);
    const run = world.temporal.client.workflow.getHandle(`door/${id}`);
    // The event may have been faster, and then there is no run any more that could answer.
    const told = await run
      .executeUpdate(approvalAnswered, { args: [approval.id] })
      .catch(async () => (await ended(`door/${id}`)).outcome === 'approved');
    expect(told).toBe(true);
    expect((await ended(`door/${id}`)).outcome).toBe('approved');
  });

  it('asks once, also after a reset to before it asked, and does it once', async () => {
    const id = raise('Note');
    const approval = await asked(id);
    const run = world.temporal.client.workflow.getHandle(`note/${id}`);
    await world.temporal.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: run.workflowId, runId: (await run.describe()).runId },
      workflowTaskFinishEventId: 4 as never,
      requestId: randomUUID(),
      reason: 'a test',
    });
    await approve(approval);
    expect((await ended(`note/${id}`)).outcome).toBe('written');
    expect((await world.store.pageOfApprovals({ subject: id, limit: 9 })).items).toHaveLength(1);
    expect(notes(id)).toHaveLength(1);
  });

  it('goes on by an answer that was given while no worker ran', async () => {
    const id = raise('Note');
    const approval = await asked(id);
    await world.worker.stop();
    await approve(approval);
    const worker = await startWorkerBeside({ ...world, env: world.env }, bundles.plain);
    expect((await ended(`note/${id}`)).outcome).toBe('written');
    expect(notes(id)).toHaveLength(1);
    await worker.stop();
  });
});

describe('a run whose payloads are encrypted', () => {
  it('asks, is told by an update and an event, and makes what was approved', async () => {
    const keys = { ...testKeys, encrypts: true };
    const secret = await startWorld({ triggers, bundle: bundles.encrypted, keys });
    const id = raise('Note', secret);
    const approval = await asked(id, secret);
    expect(approval.calls).toMatchObject([{ activity: 'addPagerDutyNote', input: { incidentId: id } }]);
    await approve(approval, secret);
    const client = new Client({
      connection: secret.temporal.connection,
      dataConverter: clientConverter(keys),
    });
    await client.workflow
      .getHandle(`note/${id}`)
      .executeUpdate(approvalAnswered, { args: [approval.id] })
      .catch(() => undefined);
    expect((await ended(`note/${id}`, secret)).outcome).toBe('written');
    expect(notes(id, secret)).toHaveLength(1);
    await secret.close();
  });
});
