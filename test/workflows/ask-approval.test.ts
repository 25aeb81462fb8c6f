import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, describe, expect, it } from 'vitest';
import type { Approval } from '../../domain/approval.ts';
import type { Asking } from '../../workflows/kit/ask-approval.ts';
import { laterEvents } from '../../workflows/kit/run.ts';
import { fresh } from '../store/world.ts';
import { eventually } from '../world.ts';
import { asking, closedAt, hour, startAsking } from './asking-world.ts';
import { askTwice, openTheDoor } from './fixture/asking.ts';

const world = await startAsking();
const { temporal, store, start, tell, asksOf, asked, answer } = world;
afterAll(() => world.close());

const stateOf = async ({ id }: Approval) => (await store.findApproval(id))?.state;

describe('nobody has answered in time', () => {
  it('which is a refusal of its own', async () => {
    const run = await start(openTheDoor, asking());
    expect(await run.result()).toBe('expired');
    const [approval] = await asksOf(run.workflowId);
    expect(approval).toMatchObject({ state: 'expired', closedBecause: 'nobody answered in time' });
  });

  it('and then others are asked, for as long again', async () => {
    const before = await temporal.currentTimeMs();
    const run = await start(openTheDoor, asking({ onExpire: { ask: { role: 'admin' } } }));
    expect(await run.result()).toBe('expired');
    expect(await asksOf(run.workflowId)).toMatchObject([
      {
        state: 'expired',
        approvers: { role: 'approver' },
        closedBecause: 'nobody answered in time, so others are asked: whoever is admin in Baton, or higher',
      },
      { state: 'expired', approvers: { role: 'admin' } },
    ]);
    expect((await temporal.currentTimeMs()) - before).toBeGreaterThanOrEqual(8 * hour);
  });

  it('and the others approve it', async () => {
    const run = await start(openTheDoor, asking({ onExpire: { ask: { role: 'admin' } } }));
    await asked(run);
    await temporal.sleep('5 hours');
    await answer(run, await asked(run, 2), 'approved');
    expect(await run.result()).toBe('approved');
  });

  it('and then the next level is asked, each for its own time, and at last somebody is paged', async () => {
    const before = await temporal.currentTimeMs();
    const onLevel = (level: number) => ({ onCallOf: { service: 'PCHECKO', level } });
    const last = { ask: onLevel(3), then: 'page' } as const;
    const run = await start(
      openTheDoor,
      asking({
        approvers: onLevel(1),
        expiresIn: '1 hour',
        onExpire: { ask: onLevel(2), expiresIn: '30 minutes', then: last },
      }),
    );
    await expect(run.result()).rejects.toMatchObject({ cause: { type: 'ApprovalExpired' } });
    const whoeverIs = (level: number) =>
      `nobody answered in time, so others are asked: whoever is on call on level ${level} for the PagerDuty service PCHECKO`;
    const asks = await asksOf(run.workflowId);
    expect(asks).toMatchObject([
      { approvers: onLevel(1), closedBecause: whoeverIs(2) },
      { approvers: onLevel(2), closedBecause: whoeverIs(3) },
      {
        approvers: onLevel(3),
        closedBecause: 'nobody answered in time, so the run fails, and somebody is paged',
      },
    ]);
    expect(new Set(asks.map(({ state }) => state))).toEqual(new Set(['expired']));
    expect((await closedAt(run)) - before).toBeGreaterThanOrEqual(2 * hour);
    expect((await closedAt(run)) - before).toBeLessThan(2.1 * hour);
  });

  it('and the run fails where that is to page', async () => {
    const run = await start(openTheDoor, asking({ onExpire: 'page' }));
    await expect(run.result()).rejects.toMatchObject({
      cause: { type: 'ApprovalExpired', message: 'Nobody approved in time: Opens the north door' },
    });
    expect(await store.findRun(run.workflowId)).toMatchObject({
      state: 'failed',
      failure: { class: 'ApprovalExpired' },
    });
    expect(await asksOf(run.workflowId)).toMatchObject([
      { closedBecause: 'nobody answered in time, so the run fails, and somebody is paged' },
    ]);
  });

  it('by the clock of Temporal, and by that of the store they have hours left: it is looked at each hour, and no oftener', async () => {
    world.setBehind(true);
    const run = await start(openTheDoor, asking());
    const approval = await asked(run);
    await temporal.sleep('4 hours');
    const before = world.looks.closing;
    await temporal.sleep('24 hours');
    expect(world.looks.closing - before).toBeLessThan(24 + 12);
    expect(await stateOf(approval)).toBe('pending');
    await answer(run, approval, 'approved');
    expect(await run.result()).toBe('approved');
    world.setBehind(false);
  });
});

describe('a run that waits for an approval', () => {
  it('goes on at once by the event', async () => {
    const run = await start(openTheDoor, asking());
    const before = await temporal.currentTimeMs();
    await answer(run, await asked(run), 'approved');
    expect(await run.result()).toBe('approved');
    expect((await closedAt(run)) - before).toBeLessThan(hour);
  });

  it('is refused by one, though two have to approve', async () => {
    const run = await start(openTheDoor, asking({ required: 2 }));
    const approval = await asked(run);
    expect(await answer(run, approval, 'approved', 'Ada')).toBe('counted');
    expect(await answer(run, approval, 'refused')).toBe('decided');
    expect(await run.result()).toBe('refused');
  });

  it('waits until two have approved, and one counts once', async () => {
    const run = await start(openTheDoor, asking({ required: 2 }));
    const approval = await asked(run);
    expect(await answer(run, approval, 'approved', 'Ada')).toBe('counted');
    expect(await answer(run, approval, 'approved', 'Ada')).toBe('repeated');
    await temporal.sleep('1 hour');
    expect(await stateOf(approval)).toBe('pending');
    expect(await answer(run, approval, 'approved')).toBe('decided');
    expect(await run.result()).toBe('approved');
  });

  it('finds an answer that nobody told it of, within the hour', async () => {
    const run = await start(openTheDoor, asking());
    const approval = await asked(run);
    await store.answerApproval(approval.id, {
      by: 'person:a@b.c',
      name: 'A',
      via: 'api',
      decision: 'refused',
    });
    const before = await temporal.currentTimeMs();
    expect(await run.result()).toBe('refused');
    expect((await temporal.currentTimeMs()) - before).toBeLessThanOrEqual(hour + 60_000);
  });

  it('believes no event that the store does not confirm, and is not kept busy by one', async () => {
    const run = await start(openTheDoor, asking());
    const { id: approvalId } = await asked(run);
    const before = world.looks.finding;
    await tell(run, 'approval.approved', { approvalId, state: 'approved' });
    await temporal.sleep('1 hour');
    expect(world.looks.finding - before).toBeLessThan(5);
    expect(await run.result()).toBe('expired');
  });

  it('withdraws it where it is cancelled', async () => {
    const run = await start(openTheDoor, asking());
    const approval = await asked(run);
    await run.cancel();
    await expect(run.result()).rejects.toThrow();
    expect(await store.findApproval(approval.id)).toMatchObject({
      state: 'withdrawn',
      closedBecause: 'the run was stopped',
    });
  });

  it('withdraws it where somebody has resolved the incident, and says who', async () => {
    const run = await start(openTheDoor, asking(), { whenResolved: 'stop' });
    const approval = await asked(run);
    const by = { kind: 'person', id: 'PADALOP', name: 'Ada Lopez' } as const;
    const event = { eventId: fresh('E'), type: 'pagerduty.incident.resolved', by, echo: false };
    await run.signal(laterEvents, [{ ...event, time: new Date().toISOString() }]);
    expect(await run.result()).toBe('resolved elsewhere');
    expect(await store.findApproval(approval.id)).toMatchObject({
      state: 'withdrawn',
      closedBecause: 'the incident was resolved by Ada Lopez',
    });
  });

  it('asks nobody in plan mode, and goes on as if it were approved', async () => {
    const run = await start(openTheDoor, asking(), { mode: 'plan' });
    expect(await run.result()).toBe('approved');
    expect(await asksOf(run.workflowId)).toEqual([]);
  });

  it('fails where the store has lost it, and does not wait for ever', async () => {
    const run = await start(openTheDoor, asking());
    const { id } = await asked(run);
    await world.stored.db.deleteFrom('approvals').where('id', '=', id).execute();
    await expect(run.result()).rejects.toMatchObject({ cause: { type: 'ApprovalLost' } });
  });

  it.each<[string, Partial<Asking>]>([
    ['nobody has to approve', { required: 0 }],
    ['it is over before it begins', { expiresIn: 0 }],
    ['it is to last for years', { expiresIn: '400 days' }],
    ['no level is so low', { approvers: { onCallOf: { service: 'PCHECKO', level: 0 } } }],
  ])('asks nobody where %s', async (_, more) => {
    const run = await start(openTheDoor, asking(more));
    await expect(run.result()).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
    expect(await asksOf(run.workflowId)).toEqual([]);
  });
});

describe('a run that begins a new history while it waits', () => {
  const renewed = async (run: WorkflowHandle) => {
    const { runId } = await run.describe();
    await tell(run, 'test.renew');
    await eventually('the new history', async () => (await run.describe()).runId !== runId);
  };

  it('asks once, finds the answer, and takes it for no answer to what it asks later', async () => {
    const run = await start(askTwice, { asking: asking(), asked: 0 });
    const latest = temporal.client.workflow.getHandle(run.workflowId);
    const first = await asked(run);
    await renewed(latest);
    await answer(latest, first, 'approved');
    const second = await asked(run, 2);
    expect(second.id).not.toBe(first.id);
    await renewed(latest);
    await answer(latest, second, 'refused');
    expect(await latest.result()).toBe('2 times, and then refused');
    expect(await asksOf(run.workflowId)).toHaveLength(2);
  });
});
