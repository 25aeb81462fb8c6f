import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activities } from '../../activities/index.ts';
import type { Approval, ApprovalEvent } from '../../domain/approval.ts';
import type { RunCause } from '../../domain/incident.ts';
import { type SlackSimulator, slackEnvironment, startSlack } from '../../simulator/slack.ts';
import type { Store } from '../../store/store.ts';
import { bundleWorkflows } from '../../worker/bundle.ts';
import { type RunningWorker, startWorker, taskQueue } from '../../worker/worker.ts';
import type { Asking } from '../../workflows/kit/ask-approval.ts';
import { laterEvents } from '../../workflows/kit/run.ts';
import { signedMemo, testAuthority } from '../authority.ts';
import { clientsFor } from '../clients.ts';
import { embeddedWorld, entry, fresh, type World } from '../store/world.ts';
import { startTimeSkipping } from '../temporal.ts';
import { eventually } from '../world.ts';
import { askTwice, openTheDoor } from './fixture/asking.ts';

const hour = 3_600_000;
const looks = { closing: 0, finding: 0 };

let temporal: TestWorkflowEnvironment;
let stored: World;
let store: Store;
let slack: SlackSimulator;
let worker: RunningWorker;
/** The store's clock stands, and Temporal's goes on. */
let isBehind = false;
beforeAll(async () => {
  temporal = await startTimeSkipping();
  stored = await embeddedWorld();
  store = stored.newStore();
  slack = await startSlack();
  worker = await startWorker({
    connection: temporal.nativeConnection,
    namespace: 'default',
    bundle: await bundleWorkflows(fileURLToPath(new URL('./fixture/asking.ts', import.meta.url))),
    store: inTemporalsTime(store),
    activities,
    clients: clientsFor(slackEnvironment(slack.url)),
    simulated: [],
    scrub: (text) => text,
    authority: testAuthority,
  });
});
afterAll(async () => {
  await worker.stop();
  await slack.close();
  await store.close();
  await stored.close();
  await temporal.teardown();
});

const setTimes = (id: string, expires: number, asked: { asked_at?: Date } = {}) =>
  stored.db
    .updateTable('approvals')
    .set({ expires_at: new Date(expires).toISOString(), ...asked })
    .where('id', '=', id)
    .execute();

/** What was asked in Temporal's time. */
const known = new Set<string>();

/** The database's clock cannot skip time, so what it has asked and what is over goes by Temporal's. */
function inTemporalsTime(kept: Store): Store {
  return {
    ...kept,
    async askApproval(request) {
      const approval = await kept.askApproval(request);
      if (known.has(approval.id)) return approval;
      const now = await temporal.currentTimeMs();
      await setTimes(approval.id, now + request.expiresInSeconds * 1_000, { asked_at: new Date(now) });
      known.add(approval.id);
      return (await kept.findApproval(approval.id)) ?? approval;
    },
    async findApproval(id) {
      looks.finding += 1;
      return kept.findApproval(id);
    },
    async closeApproval(id, state, because) {
      looks.closing += 1;
      const { expiresAt = '' } = (await kept.findApproval(id)) ?? {};
      const isOver = !isBehind && Date.parse(expiresAt) <= (await temporal.currentTimeMs());
      if (isOver) await setTimes(id, Date.now() - 1_000);
      return kept.closeApproval(id, state, because);
    },
  };
}

/** Starts a run as a server does. */
async function start<Input>(
  run: (input: Input) => Promise<string>,
  input: Input,
  cause: Partial<RunCause> = {},
): Promise<WorkflowHandle> {
  const workflowId = fresh('door/');
  const { name: workflow } = run;
  await store.beginRun(
    { id: workflowId, trigger: 'door', workflow, target: 'north', input: {}, cause: {} },
    entry(),
  );
  await store.runBegan(workflowId);
  return temporal.client.workflow.start(run, {
    workflowId,
    taskQueue,
    memo: signedMemo({ workflowId, workflow, input }, cause),
    args: [input],
  });
}

const asking = (more: Partial<Asking> = {}): Asking => ({
  approvers: { role: 'approver' },
  expiresIn: '4 hours',
  ...more,
});
const asksOf = async (run: string): Promise<Approval[]> =>
  (await store.pageOfApprovals({ run, limit: 50 })).items.toReversed();
/** The approval that the run asks for as its `count`th, once it has. */
const asked = ({ workflowId }: WorkflowHandle, count = 1) =>
  eventually('the run to ask', async () => {
    const found = (await asksOf(workflowId)).at(count - 1);
    return found && known.has(found.id) ? found : undefined;
  });

/** Somebody answers, and the run is told by the event. */
async function answer(
  run: WorkflowHandle,
  { id, summary }: Approval,
  decision: 'approved' | 'refused',
  name = 'Ben',
): Promise<string | undefined> {
  const by = `person:${name.toLowerCase()}@example.com`;
  const answered = await store.answerApproval(id, { by, name, via: 'api', decision });
  const state = answered?.approval.state ?? 'pending';
  const { workflowId: runId, workflowId: workflow } = run;
  const data = { approvalId: id, runId, workflow, state, summary } satisfies ApprovalEvent;
  if (state !== 'pending') await tell(run, `approval.${state}`, data);
  return answered?.outcome;
}

const tell = (run: WorkflowHandle, type: string, data: object = {}) =>
  run.signal(laterEvents, [
    { eventId: fresh('E'), type, time: new Date().toISOString(), echo: false, data: { ...data } },
  ]);

/** In milliseconds since 1970. The server skips to the end of a timer that was cancelled, too, but the run is over before. */
const closedAt = async (run: WorkflowHandle) => (await run.describe()).closeTime?.getTime() ?? Number.NaN;
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
    isBehind = true;
    const run = await start(openTheDoor, asking());
    const approval = await asked(run);
    await temporal.sleep('4 hours');
    const before = looks.closing;
    await temporal.sleep('24 hours');
    expect(looks.closing - before).toBeLessThan(24 + 12);
    expect(await stateOf(approval)).toBe('pending');
    await answer(run, approval, 'approved');
    expect(await run.result()).toBe('approved');
    isBehind = false;
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
    const before = looks.finding;
    await tell(run, 'approval.approved', { approvalId, state: 'approved' });
    await temporal.sleep('1 hour');
    expect(looks.finding - before).toBeLessThan(5);
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
    await stored.db.deleteFrom('approvals').where('id', '=', id).execute();
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

describe('people who have not answered', () => {
  /** An approval that is seen in Slack. */
  async function shown() {
    const run = await start(openTheDoor, asking());
    const approval = await asked(run);
    const ts = `${1_700_000_000 + slack.world.messages.length}.000100`;
    const channelId = 'C0GENERAL';
    slack.world.messages.push({ channelId, ts, userId: 'U0BATON', text: approval.summary });
    await store.showedApproval(approval.id, { channelId, ts });
    const reminders = () => slack.world.messages.filter(({ threadTs }) => threadTs === ts);
    return { run, approval, reminders };
  }

  it('are reminded once, at half of the time, where they saw it', async () => {
    const { run, approval, reminders } = await shown();
    await temporal.sleep('110 minutes');
    expect(reminders()).toEqual([]);
    await temporal.sleep('20 minutes');
    await eventually('the reminder', () => reminders().length > 0);
    expect(reminders()[0]?.text).toBe(
      `This still waits for an answer: Opens the north door. It expires at ${approval.expiresAt}.`,
    );
    expect(await run.result()).toBe('expired');
    expect(reminders()).toHaveLength(1);
  });

  it('are waited for though Slack takes no reminder: an answer by command counts at once', async () => {
    const { run, approval, reminders } = await shown();
    slack.fail({ kind: 'status', status: 503, match: 'chat.postMessage', times: 100_000 });
    await temporal.sleep('121 minutes');
    const before = await temporal.currentTimeMs();
    await answer(run, approval, 'approved');
    expect(await run.result()).toBe('approved');
    expect((await closedAt(run)) - before).toBeLessThan(hour);
    expect(reminders()).toEqual([]);
    await fetch(`${slack.url}/_simulator/faults`, { method: 'DELETE' });
  });
});
