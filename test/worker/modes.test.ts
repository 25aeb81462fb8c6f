import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ActivityContext, defineActivity } from '../../activities/activity.ts';
import type { Looked } from '../../domain/approval.ts';
import type { ChangeKind } from '../../domain/kind.ts';
import type { LowerMode, RunMode } from '../../domain/mode.ts';
import type { Heard, ToldStep } from '../../domain/step.ts';
import type { Store } from '../../store/store.ts';
import { stepActivities } from '../../worker/told-steps.ts';
import { request } from '../store/approval.ts';
import { fresh } from '../store/world.ts';
import { aroundCalls, callActivity, openStore } from './attempt.ts';

const store = await openStore();

/** A change of this kind, and how often it was made. */
function change(kind: ChangeKind) {
  const door = fresh('door-');
  const made = { times: 0, version: 1 };
  const activity = defineActivity({
    name: 'turnKey',
    kind,
    provider: 'pagerduty',
    summary: 'Turns a key',
    permissions: [],
    targets: () => [`door:${door}`],
    input: z.object({ door: z.string() }),
    output: z.object({ changed: z.boolean(), approved: z.boolean() }),
    example: { door: 'north' },
    look: async (_: object, { attempt }: ActivityContext) => ({
      plan: {
        summary: `Turns the key of ${door}`,
        calls: [`PUT /doors/${door}`],
        values: {},
        before: { version: made.version },
        inverse: { none: 'it is turned' },
        output: { changed: true, approved: attempt.approved === true },
      },
    }),
    async act() {
      made.times += 1;
      return { changed: true, approved: false };
    },
  });

  /** Calls it as a run in this mode does, by this name in Temporal and by this approval. */
  async function call(
    mode: RunMode | undefined,
    { type = 'turnKey', approvalId, runId = fresh('modes/'), heard, number, by = store }: Calling = {},
  ) {
    const cause = { ...(mode ? { mode } : {}), ...(heard ? { heard } : {}) };
    const interceptors = aroundCalls({ activities: [activity], store: by, cause });
    const info = { activityType: type, activityId: fresh(''), runId };
    const said = number === undefined ? {} : { batonCall: number };
    const result = await callActivity(info, interceptors, { door }, approvalId, said).catch(
      (error: unknown) => error,
    );
    const rows = await store.readRecord({ subject: runId, limit: 10 });
    return { result, actions: rows.map(({ action }) => action), runId };
  }
  return { made, call, activity, door };
}

interface Calling {
  type?: string;
  approvalId?: string;
  runId?: string;
  heard?: Heard;
  /** The how-manieth call it is. */
  number?: number;
  by?: Store;
}

const line = (runId: string) =>
  ({
    at: new Date().toISOString(),
    actor: 'baton',
    via: 'dispatch',
    action: 'run.started',
    subject: runId,
    detail: { run: runId, workflow: 'openTheDoor', input: {} },
  }) as const;

/** A run that has asked for all that it plans, and what people said. */
async function asked(
  { call }: ReturnType<typeof change>,
  decision: 'approved' | 'refused' | 'none' = 'approved',
) {
  const runId = fresh('modes/');
  const looked = (await call('propose', { type: 'plan:turnKey', runId })).result as Looked;
  const calls = 'planned' in looked && looked.kind === 'destructive' ? [looked.planned] : [];
  const run = { id: runId, trigger: 'keys', workflow: 'openTheDoor', target: 'north', input: {}, cause: {} };
  await store.beginRun(run, line(runId));
  const { id } = await store.askApproval(request({ runId, workflow: 'openTheDoor', calls }));
  if (decision !== 'none')
    await store.answerApproval(id, { by: 'person:ben@example.com', name: 'Ben', via: 'api', decision });
  return { runId, approvalId: id };
}

describe('a change', () => {
  it.each<[ChangeKind, RunMode | undefined, 'planned' | 'made' | 'NeedsApproval']>([
    ['change', 'plan', 'planned'],
    ['change', 'observe', 'planned'],
    ['change', 'propose', 'planned'],
    ['change', 'approve', 'made'],
    ['change', 'auto', 'made'],
    ['change', undefined, 'made'],
    ['destructive', 'plan', 'planned'],
    ['destructive', 'observe', 'planned'],
    ['destructive', 'propose', 'planned'],
    ['destructive', 'approve', 'NeedsApproval'],
    ['destructive', 'auto', 'made'],
    ['destructive', undefined, 'made'],
  ])('of the kind %s in the mode %s is %s, without an approval', async (kind, mode, what) => {
    const { made, call } = change(kind);
    const { result, actions } = await call(mode);
    expect(made.times).toBe(what === 'made' ? 1 : 0);
    if (what === 'NeedsApproval')
      expect(result).toMatchObject({
        type: 'NeedsApproval',
        nonRetryable: true,
        details: [{ effect: 'none' }],
      });
    else expect(result).toMatchObject({ changed: true });
    expect(actions).toEqual(
      { planned: ['activity.planned'], made: ['activity.intended', 'activity.completed'] }[
        what as string
      ] ?? ['activity.refused'],
    );
  });

  it('that is planned tells its plan, its kind and with what the run goes on, and is not looked at as if it were approved', async () => {
    for (const mode of ['propose', 'approve', 'auto'] as const) {
      const { made, call } = change('destructive');
      const { result } = await call(mode, { type: 'plan:turnKey' });
      expect(result).toMatchObject({
        planned: { activity: 'turnKey', digest: expect.stringMatching(/^[\w-]{43}$/) },
        kind: 'destructive',
        output: { changed: true, approved: false },
      });
      expect(made.times).toBe(0);
    }
  });
});

describe('a run that proposes', () => {
  it.each(['change', 'destructive'] as const)(
    'makes a %s once people have approved the run',
    async (kind) => {
      const key = change(kind);
      const { runId, approvalId } = await asked(key);
      expect((await key.call('propose', { runId, approvalId })).result).toMatchObject({ changed: true });
      expect(key.made.times).toBe(1);
    },
  );

  it.each([
    ['pending', 'none'],
    ['refused', 'refused'],
  ] as const)('makes nothing while its approval is %s, whatever it says', async (state, decision) => {
    for (const kind of ['change', 'destructive'] as const) {
      const key = change(kind);
      const { runId, approvalId } = await asked(key, decision);
      const { result } = await key.call('propose', { runId, approvalId });
      expect(result).toMatchObject({ type: 'NotAuthorized' });
      expect((result as Error).message).toContain(`its approval is ${state}`);
      expect(key.made.times).toBe(0);
    }
  });

  it.each([
    ['that there is not', async () => 'nothing'],
    ['of another run', async () => (await asked(change('change'))).approvalId],
  ])('makes nothing by an approval %s', async (_, approvalOf) => {
    const key = change('change');
    const { result } = await key.call('propose', { approvalId: await approvalOf() });
    expect(result).toMatchObject({ type: 'NotAuthorized' });
    expect(key.made.times).toBe(0);
  });

  it('asks again for a destructive change that people have not seen; a harmless one is made', async () => {
    const key = change('destructive');
    const { runId, approvalId } = await asked(key);
    key.made.version = 2;
    const { result } = await key.call('propose', { runId, approvalId });
    expect(result).toMatchObject({ type: 'NeedsApproval', details: [{ effect: 'none' }] });
    expect(key.made.times).toBe(0);

    const harmless = change('change');
    const whole = await asked(harmless);
    harmless.made.version = 2;
    await harmless.call('propose', whole);
    expect(harmless.made.times).toBe(1);
  });
});

describe('a change of a run whose trigger was lowered after it began', () => {
  async function lowered(kind: ChangeKind, mode: RunMode, to: LowerMode) {
    const key = change(kind);
    const [runId, trigger] = [fresh('modes/'), fresh('keys-')];
    await store.beginRun(
      { id: runId, trigger, workflow: 'openTheDoor', target: 'north', input: {}, cause: {} },
      line(runId),
    );
    await store.lowerTrigger(
      { trigger, mode: to, by: 'person:ada@example.com', reason: 'it turns wrong ones' },
      line(runId),
    );
    const { result } = await key.call(mode, { runId });
    return { result, times: key.made.times };
  }

  it.each<[RunMode, LowerMode, string]>([
    ['auto', 'off', 'TriggerLowered'],
    ['auto', 'observe', 'TriggerLowered'],
    ['auto', 'propose', 'NeedsApproval'],
    ['auto', 'approve', 'NeedsApproval'],
    ['approve', 'observe', 'TriggerLowered'],
    ['approve', 'propose', 'NeedsApproval'],
  ])('is not made where it is destructive: from %s to %s, %s', async (mode, to, type) => {
    const { result, times } = await lowered('destructive', mode, to);
    expect([result, times]).toMatchObject([{ type, nonRetryable: true, details: [{ effect: 'none' }] }, 0]);
    if (type === 'TriggerLowered')
      expect((result as Error).message).toContain('by person:ada@example.com (it turns wrong ones)');
  });

  it('is made where it is harmless', async () => {
    expect((await lowered('change', 'auto', 'observe')).times).toBe(1);
  });
});

/** A run that is there, and which of the engine's events of its steps are in the store. */
async function begun() {
  const runId = fresh('modes/');
  const run = { id: runId, trigger: 'keys', workflow: 'openTheDoor', target: 'north', input: {}, cause: {} };
  await store.beginRun(run, line(runId));
  const told = async () =>
    (await store.listEvents({ limit: 100 })).filter(({ eventId }) => eventId.includes(runId));
  return { runId, told };
}

describe('that a step has started', () => {
  const heard = { 'activity.started': ['changes'] };
  /** A store that says what it is asked. */
  function watched() {
    const asked: string[] = [];
    const by = new Proxy(store, {
      get(kept, name: keyof Store) {
        asked.push(name);
        return kept[name];
      },
    });
    return { by, asked };
  }

  it('is told before it is done, once over all attempts', async () => {
    const { made, call } = change('change');
    const { runId, told } = await begun();
    await call('auto', { runId, heard, number: 1 });
    const { actions } = await call('auto', { runId, heard, number: 1 });
    expect(await told()).toMatchObject([
      {
        type: 'activity.started',
        event: {
          data: { runId, activity: 'turnKey', kind: 'change', targets: [expect.stringMatching(/^door:/)] },
        },
      },
    ]);
    expect(made.times).toBe(1);
    expect(actions.filter((action) => action === 'activity.started')).toHaveLength(1);
  });

  it('is told of a read that is named, and of no other', async () => {
    const { call } = change('change');
    const { runId, told } = await begun();
    await call('auto', { runId, heard: { 'activity.started': ['readJiraIssue'] } });
    expect(await told()).toEqual([]);
    await call('auto', { runId, heard: { 'activity.started': ['turnKey'] } });
    expect(await told()).toHaveLength(1);
  });

  it('is told of nothing that is only looked at', async () => {
    const { call } = change('destructive');
    const { runId, told } = await begun();
    await call('propose', { type: 'ask:turnKey', runId, heard });
    await call('propose', { type: 'plan:turnKey', runId, heard });
    expect(await told()).toEqual([]);
  });

  it('costs no statement where nobody hears of it', async () => {
    const { call } = change('change');
    const { runId } = await begun();
    const unheard = watched();
    await call('auto', { runId, by: unheard.by });
    const other = watched();
    await call('auto', { runId, by: other.by, heard: { 'activity.failed': ['changes'] } });
    for (const { asked } of [unheard, other]) expect(asked).not.toContain('tell');
    expect(other.asked.filter((name) => name === 'findRun')).toEqual([]);
    const told = watched();
    await call('auto', { runId, by: told.by, heard });
    expect(told.asked).toContain('tell');
  });
});

describe('a state that a run tells of its step', () => {
  const at = '2026-11-20T09:00:00.000Z';
  const failure = { class: 'ProviderRefused', message: 'It said: hunter2' };

  /** Tells it as the run does, so often: a worker may end before Temporal knows that it was told. */
  async function tell(runId: string, times: number, { cause }: { cause: object | undefined }) {
    const { activity, door } = change('change');
    const scrub = (text: string) => text.replaceAll('hunter2', '[secret]');
    const { tellStep } = stepActivities({ store, activities: [activity], scrub }) as unknown as {
      tellStep(told: ToldStep, cause: unknown): Promise<void>;
    };
    const attempt = new MockActivityEnvironment({ workflowExecution: { workflowId: runId, runId } });
    const said = { activityType: 'approved:turnKey', number: 2, input: { door }, scheduledAt: at, at };
    for (let time = 0; time < times; time += 1)
      await attempt.run(() => tellStep({ ...said, type: 'activity.timed_out', failure }, cause));
    return door;
  }

  it('is one event and one line, however often it is told, without secrets', async () => {
    const { runId, told } = await begun();
    const door = await tell(runId, 2, { cause: { trigger: 'keys', subject: runId } });
    const key = `${runId}#approved:turnKey#2`;
    const step = {
      activity: 'turnKey',
      kind: 'change',
      key,
      targets: [`door:${door}`],
      scheduledAt: at,
      failure: { class: 'ProviderRefused', message: 'It said: [secret]' },
    };
    expect(await told()).toMatchObject([
      {
        eventId: `activity.timed_out/${runId}/approved:turnKey/2`,
        subject: 'openTheDoor/north/turnKey',
        event: { time: at, data: { runId, outcome: 'timed out', ...step } },
      },
    ]);
    const lines = (await store.readRecord({ subject: runId, limit: 10 })).filter(
      ({ action }) => action === 'activity.timed_out',
    );
    expect(lines).toMatchObject([
      { actor: 'trigger:keys', detail: { run: runId, workflow: 'openTheDoor', ...step } },
    ]);
    expect(JSON.stringify(await told())).not.toContain(`"input"`);
  });

  it('is none where no server of ours has started the run, or nobody knows it', async () => {
    const { runId, told } = await begun();
    await tell(runId, 1, { cause: undefined });
    expect(await told()).toEqual([]);
    const unknown = fresh('modes/');
    await tell(unknown, 1, { cause: { trigger: 'keys' } });
    expect(
      (await store.listEvents({ limit: 100 })).filter(({ eventId }) => eventId.includes(unknown)),
    ).toEqual([]);
  });
});
