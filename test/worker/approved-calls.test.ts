import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ActivityContext, defineActivity } from '../../activities/activity.ts';
import type { Approval, ApprovalAnswer, ApprovalRequest, PlannedCall } from '../../domain/approval.ts';
import type { RunCause } from '../../domain/incident.ts';
import { approvalActivities } from '../../worker/approvals.ts';
import { approverOf } from '../../worker/chain/approved.ts';
import { request } from '../store/approval.ts';
import { fresh } from '../store/world.ts';
import { aroundCalls, callActivity, openStore } from './attempt.ts';

const store = await openStore();

/** A lock that only an owner's word or an approval opens, and what was seen and done of it. */
function lock() {
  const world = { door: fresh('north-'), version: 1, opened: 0, doors: [] as string[], allowed: false };
  const activity = defineActivity({
    name: 'openLock',
    kind: 'destructive',
    provider: 'pagerduty',
    summary: 'Opens a lock',
    permissions: [],
    targets: ({ door }) => [`door:${door}`],
    input: z.object({ door: z.string() }),
    output: z.object({ changed: z.boolean() }),
    example: { door: 'north' },
    async look({ door }, { attempt }: ActivityContext) {
      if (!world.allowed && !attempt.approved) throw new Error('the owner has not allowed it');
      return {
        plan: {
          summary: `Opens the door ${door} with the password hunter2`,
          calls: [`POST /doors/${door}/open`],
          values: {},
          before: { version: world.version },
          inverse: { none: 'it is open' },
          output: { changed: true },
        },
      };
    },
    async act(_, { door }) {
      world.opened += 1;
      world.doors.push(door);
      return { changed: true };
    },
  });
  return { activity, world };
}

const scrub = (text: string) => text.replaceAll(/hunter2|swordfish/g, '***');

interface Calling {
  runId: string;
  approvalId?: string;
  cause?: Partial<RunCause>;
  input?: object;
}

/** Calls the lock's activity as a run does, by this name in Temporal. */
function call(
  { activity, world }: ReturnType<typeof lock>,
  activityType: string,
  { runId, approvalId, cause = {}, input = { door: world.door } }: Calling,
): Promise<unknown> {
  const interceptors = aroundCalls({ activities: [activity], store, scrub, cause });
  return callActivity({ activityType, activityId: fresh(''), runId }, interceptors, input, approvalId).catch(
    (error: unknown) => error,
  );
}

async function approve(planned: PlannedCall, runId: string, more: Partial<ApprovalRequest> = {}) {
  await store.beginRun(
    { id: runId, trigger: 'manual', workflow: 'openTheDoor', target: 'north', input: {}, cause: {} },
    {
      at: new Date().toISOString(),
      actor: 'baton',
      via: 'api',
      action: 'run.started',
      subject: runId,
      detail: { run: runId, workflow: 'openTheDoor', input: {} },
    },
  );
  const asked = request({
    runId,
    workflow: 'openTheDoor',
    summary: planned.summary,
    calls: [planned],
    ...more,
  });
  const { id } = await store.askApproval(asked);
  return id;
}

const yes = (id: string) =>
  store.answerApproval(id, { by: 'person:ben@example.com', name: 'Ben', via: 'api', decision: 'approved' });

/** Asks, and has it approved unless it is to be left pending. */
async function asked(
  door: ReturnType<typeof lock>,
  { isAnswered = true, more = {} }: { isAnswered?: boolean; more?: Partial<ApprovalRequest> } = {},
) {
  const runId = fresh('door/');
  const { planned } = (await call(door, 'ask:openLock', { runId })) as { planned: PlannedCall };
  const approvalId = await approve(planned, runId, more);
  if (isAnswered) await yes(approvalId);
  return { runId, approvalId, planned };
}

describe('a change that needs an approval', () => {
  it('is planned for it and not made, and its secrets are not shown', async () => {
    const door = lock();
    const { planned } = await asked(door);
    expect(planned).toMatchObject({
      activity: 'openLock',
      input: { door: door.world.door },
      targets: [`door:${door.world.door}`],
      calls: [`POST /doors/${door.world.door}/open`],
      summary: `Opens the door ${door.world.door} with the password ***`,
      before: { version: 1 },
    });
    expect(door.world.opened).toBe(0);
  });

  it('is made once it is approved, without the owner', async () => {
    const door = lock();
    const { runId, approvalId } = await asked(door);
    expect(await call(door, 'approved:openLock', { runId, approvalId })).toEqual({ changed: true });
    expect(door.world.opened).toBe(1);
  });

  it('is made once, however often the run calls it by that approval', async () => {
    const door = lock();
    // No cool-down stands in the way of a second time.
    const approved = await asked(door, { more: { overridesGuards: true } });
    for (let calls = 1; calls <= 2; calls += 1)
      expect(await call(door, 'approved:openLock', approved)).toEqual({ changed: true });
    expect(door.world.opened).toBe(1);
  });

  it.each([
    ['while nobody has answered', { isAnswered: false }, (given: Calling) => given],
    ['by the approval of another run', {}, (given: Calling) => ({ ...given, runId: fresh('door/') })],
    ['without an approval', {}, ({ runId }: Calling) => ({ runId })],
    ['by one that nobody knows', {}, ({ runId }: Calling) => ({ runId, approvalId: 'x' })],
  ])('is not made %s', async (_, options, change) => {
    const door = lock();
    const { runId, approvalId } = await asked(door, options);
    const error = await call(door, 'approved:openLock', change({ runId, approvalId }));
    expect(error).toMatchObject({ type: 'NotAuthorized', nonRetryable: true });
    expect(door.world.opened).toBe(0);
  });

  it('is not made where it would do something else than was seen', async () => {
    const door = lock();
    const { runId, approvalId } = await asked(door);
    door.world.version = 2;
    const error = await call(door, 'approved:openLock', { runId, approvalId });
    expect(error).toMatchObject({ type: 'PlanChanged', nonRetryable: true });
    expect(door.world.opened).toBe(0);
  });

  it('is not made with another input than was seen', async () => {
    const door = lock();
    const { runId, approvalId } = await asked(door);
    const error = await call(door, 'approved:openLock', { runId, approvalId, input: { door: 'south' } });
    expect(error).toMatchObject({ type: 'PlanChanged' });
    expect(door.world.opened).toBe(0);
  });

  it('carries no secret out that people could not see: it is masked before the look and the act', async () => {
    const door = lock();
    const runId = fresh('door/');
    const input = (key: string) => ({ door: `north?key=${key}` });
    const { planned } = (await call(door, 'ask:openLock', { runId, input: input('hunter2') })) as {
      planned: PlannedCall;
    };
    expect(planned.input).toEqual(input('***'));
    const approvalId = await approve(planned, runId);
    await yes(approvalId);
    const other = { runId, approvalId, input: input('swordfish') };
    expect(await call(door, 'approved:openLock', other)).toEqual({ changed: true });
    expect(door.world.doors).toEqual(['north?key=***']);
  });

  it('is looked at in plan mode as if it were approved, and nobody is asked', async () => {
    const door = lock();
    const result = await call(door, 'approved:openLock', { runId: fresh('door/'), cause: { mode: 'plan' } });
    expect(result).toEqual({ changed: true });
    expect(door.world.opened).toBe(0);
  });

  it('is refused by its plain name, whatever header comes with it', async () => {
    const door = lock();
    const { runId, approvalId } = await asked(door);
    const error = await call(door, 'openLock', { runId, approvalId });
    expect(error).toMatchObject({ message: expect.stringContaining('the owner has not allowed it') });
    expect(door.world.opened).toBe(0);
  });

  it('overrides a cool-down only where the approval says so', async () => {
    const door = lock();
    door.world.allowed = true;
    expect(await call(door, 'openLock', { runId: fresh('door/') })).toEqual({ changed: true });
    const without = await asked(door);
    expect(await call(door, 'approved:openLock', without)).toMatchObject({ type: 'Held' });
    const override = await asked(door, { more: { overridesGuards: true } });
    expect(await call(door, 'approved:openLock', override)).toEqual({ changed: true });
  });
});

describe('a reminder of an approval', () => {
  /** Reminds of it from a run of that id, for this reason. */
  function remind({ id }: Approval, runId: string, cause: object | undefined, reminder = 1): Promise<void> {
    const { remindOfApproval } = approvalActivities(store, scrub) as unknown as {
      remindOfApproval(asked: object, cause: object | undefined): Promise<void>;
    };
    const environment = new MockActivityEnvironment({ workflowExecution: { workflowId: runId, runId } });
    return environment.run(remindOfApproval, { id, reminder }, cause);
  }
  const cause = { trigger: 'manual' };
  const waiting = async ({ runId: subject }: Approval) =>
    (await store.listEvents({ subject, limit: 9 })).filter(
      ({ type, disposition }) => type === 'approval.waiting' && disposition !== 'duplicate',
    );

  it('is one event, however often the run tells of it, and none once it is over', async () => {
    const approval = await store.askApproval(request());
    for (const reminder of [1, 1, 2]) await remind(approval, approval.runId, cause, reminder);
    const { id: approvalId, runId, workflow, summary } = approval;
    const event = { data: { approvalId, runId, workflow, summary, state: 'pending' } };
    expect(await waiting(approval)).toMatchObject([{ event }, { event }]);
    await store.closeApproval(approval.id, 'withdrawn', 'the run was stopped');
    await remind(approval, approval.runId, cause, 3);
    expect(await waiting(approval)).toHaveLength(2);
  });

  it.each([
    ['another run', fresh('other/'), cause],
    ['a run that no server of ours has started', undefined, undefined],
  ])('is not taken from %s', async (_, runId, from) => {
    const approval = await store.askApproval(request());
    await remind(approval, runId ?? approval.runId, from);
    expect(await waiting(approval)).toEqual([]);
  });
});

describe('what people would be shown', () => {
  /** Asks as a run does that a server has started for this reason. */
  function ask(asking: object, cause: object): Promise<Approval> {
    const { askApproval } = approvalActivities(store, scrub) as unknown as {
      askApproval(asking: object, cause: object): Promise<Approval>;
    };
    const runId = fresh('door/');
    const environment = new MockActivityEnvironment({ workflowExecution: { workflowId: runId, runId } });
    return environment.run(askApproval, { number: 1, ...asking }, { trigger: 'manual', ...cause });
  }

  it.each([
    ['nobody, of a trigger', {}, []],
    ['the user of Slack', { by: { kind: 'person', id: 'U0ADA', name: 'Ada' } }, ['slack:U0ADA']],
    [
      'a person, under all of their names',
      { startedBy: { kind: 'person', name: 'ada@pd.example', alsoKnownAs: ['slack:U0ADA'] } },
      ['person:ada@pd.example', 'slack:U0ADA'],
    ],
    [
      'a token, with whose it is',
      { startedBy: { kind: 'token', name: 'deploys', alsoKnownAs: ['person:ada@example.com'] } },
      ['token:deploys', 'person:ada@example.com'],
    ],
  ])('says who has asked for the run: %s', async (_, cause, requestedBy) => {
    const { planned } = await asked(lock());
    expect(await ask({ ...request(), calls: [planned] }, cause)).toMatchObject({ requestedBy });
  });

  it('is what was planned: a run that shows something else asks nobody', async () => {
    const door = lock();
    const { planned } = await asked(door);
    const asking = {
      summary: 'Looks at the door',
      calls: [{ ...planned, calls: ['GET /doors/north'] }],
    };
    await expect(ask(asking, {})).rejects.toThrow('not what was planned');
  });
});

describe('who has approved it, for the provider', () => {
  const answered = (...answers: Pick<ApprovalAnswer, 'by' | 'decision' | 'alsoKnownAs'>[]) =>
    approverOf({
      answers: answers.map((answer) => ({ name: 'x', via: 'cli', at: '2026-11-21T08:00:00Z', ...answer })),
    });
  const ada = { by: 'person:ada@example.com', decision: 'approved' } as const;

  it('is the last one whose answer made it so', () => {
    expect(answered({ by: 'person:ben@example.com', decision: 'approved' }, ada)).toBe(ada.by);
    expect(answered()).toBeUndefined();
  });

  it('is the owner of a token, where it has one, by the address', () => {
    const token = { by: 'token:ci', decision: 'approved' } as const;
    expect(answered({ ...token, alsoKnownAs: ['slack:U0ADA', ada.by] })).toBe(ada.by);
    expect(answered(token)).toBe('token:ci');
  });
});
