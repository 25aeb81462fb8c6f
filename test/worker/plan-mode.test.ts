import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type ActivityContext,
  type AnyActivity,
  type AnyChange,
  defineActivity,
} from '../../activities/activity.ts';
import { conflict, providerFailure } from '../../activities/failures.ts';
import type { RunCause } from '../../domain/incident.ts';
import type { Looked } from '../../domain/plan.ts';
import type { EffectOutcome } from '../../store/changes/effects.ts';
import { fresh } from '../store/world.ts';
import { aroundCalls, callActivity, openStore } from './attempt.ts';

type Output = { changed: boolean; by: string };

const planned: Looked<Output, object> = {
  plan: {
    summary: 'Turns the key of the shop',
    calls: ['PUT /keys/shop turned=true'],
    values: {},
    before: { turned: false },
    after: { turned: true },
    inverse: { none: 'it is turned' },
    output: { changed: true, by: 'the plan' },
  },
};

/** A change of one target, and how often it was made. */
function keyTurned(look: () => Promise<Looked<Output, object>> = async () => planned) {
  const made = { times: 0 };
  const activity = defineActivity({
    name: 'turnKey',
    kind: 'change',
    provider: 'pagerduty',
    summary: 'Turns a key',
    permissions: [],
    targets: ({ key }) => [`key:${key}`],
    input: z.object({ key: z.string() }),
    output: z.object({ changed: z.boolean(), by: z.string() }),
    example: { key: 'shop' },
    look,
    async act() {
      made.times += 1;
      return { changed: true, by: 'the act' };
    },
  });
  return { activity, made };
}

const store = await openStore();

/** Makes one attempt in a run of its own with this cause, and tells what the record and the store got of it. */
async function attempt(
  activity: AnyActivity,
  cause: Partial<RunCause>,
  forged: object = {},
  more: object = {},
) {
  const outcomes: EffectOutcome[] = [];
  let intents = 0;
  const interceptors = aroundCalls({
    activities: [activity],
    store: {
      ...store,
      intend(effect) {
        intents += 1;
        return store.intend(effect);
      },
      conclude(outcome) {
        outcomes.push(outcome);
        return store.conclude(outcome);
      },
    },
    scrub: (text) => text.replaceAll('hunter2', '***'),
    cause,
    forged,
  });
  const runId = fresh('plan/');
  const info = { activityType: activity.name, runId };
  const result = await callActivity(info, interceptors, { key: 'shop', ...more }).catch(
    (error: unknown) => error,
  );
  const rows = await store.readRecord({ subject: runId, limit: 10 });
  return { result, rows, actions: rows.map(({ action }) => action), outcomes, intents: () => intents };
}

describe.each(['plan', 'observe'] as const)('a change of a run in the mode %s', (mode) => {
  it('is looked at, told in one line and not made; the run goes on as if it had been', async () => {
    const { activity, made } = keyTurned();
    const { result, rows, actions, outcomes, intents } = await attempt(activity, { mode });
    expect(result).toEqual({ changed: true, by: 'the plan' });
    expect(made.times).toBe(0);
    expect(actions).toEqual(['activity.planned']);
    expect(rows[0]?.detail).toMatchObject({
      activity: 'turnKey',
      input: { key: 'shop' },
      targets: ['key:shop'],
      ...planned,
    });
    // Nothing is opened and nothing is locked, so no other run has to wait for it.
    expect([intents(), outcomes]).toEqual([0, []]);
  });

  it('that is made already is told so, and gives what there is', async () => {
    const done = { changed: false, by: 'somebody' };
    const { activity } = keyTurned(async () => ({ done }));
    const { result, rows } = await attempt(activity, { mode });
    expect(result).toEqual(done);
    expect(rows).toMatchObject([{ action: 'activity.planned', detail: { done, targets: ['key:shop'] } }]);
  });

  it('that must not be made fails as it would fail', async () => {
    const { activity } = keyTurned(async () => {
      throw conflict('PagerDuty', 'the shop is closed');
    });
    const { result, actions } = await attempt(activity, { mode });
    expect(result).toMatchObject({ type: 'Conflict', nonRetryable: true });
    expect(actions).toEqual(['activity.failed']);
  });

  it('gives no secret away that its plan holds', async () => {
    const { activity } = keyTurned(async () => ({
      plan: { ...planned.plan, output: { changed: true, by: 'hunter2' } },
    }));
    expect((await attempt(activity, { mode })).result).toEqual({ changed: true, by: '***' });
  });

  it.each([
    ['the input asks for another mode', {}, { mode: 'auto' }],
    ['the header leaves the mode out', { mode: undefined }, {}],
    ['the header names another mode', { mode: 'auto' }, {}],
  ])('is not made where %s', async (_, forged, more) => {
    const { activity, made } = keyTurned();
    const { actions } = await attempt(activity, { mode }, forged, more);
    expect(made.times).toBe(0);
    expect(actions).not.toContain('activity.intended');
  });

  it('is not looked at as one where the mode was not signed, nor where it is not known', async () => {
    const forged = await attempt(keyTurned().activity, {}, { mode });
    expect(forged.result).toMatchObject({ type: 'NotAuthorized' });
    const unknown = keyTurned();
    const { result } = await attempt(unknown.activity, { mode: 'rehearse' as never });
    expect(result).toMatchObject({ type: 'NotAuthorized' });
    expect(unknown.made.times).toBe(0);
  });
});

describe('a change whose provider can be asked whether it would do it', () => {
  const asked = (dryRun: AnyChange['dryRun']) => {
    const { activity, made } = keyTurned();
    return { activity: { ...activity, dryRun } as AnyActivity, made };
  };

  it('is planned with the answer beside the plan, which has the same digest without it', async () => {
    const said = { outcome: 'refused', said: 'PagerDuty would refuse it: hunter2 may not' } as const;
    const { rows } = await attempt(asked(async () => said).activity, { mode: 'observe' });
    expect(rows[0]?.detail).toMatchObject({
      ...planned,
      dryRun: { outcome: 'refused', said: 'PagerDuty would refuse it: *** may not' },
    });
    const without = await attempt(keyTurned().activity, { mode: 'observe' });
    expect(rows[0]?.detail.digest).toBe(without.rows[0]?.detail.digest);
  });

  it.each([
    ['is away', providerFailure('PagerDuty', 503, 'down'), 'PagerDuty is unavailable (503): down'],
    ['has a fault', new Error('a fault'), 'a fault'],
  ])('is planned all the same where the provider %s, and that is said', async (_, failure, words) => {
    const { activity } = asked(() => Promise.reject(failure));
    const { result, rows } = await attempt(activity, { mode: 'plan' });
    expect(result).toEqual({ changed: true, by: 'the plan' });
    expect(rows).toMatchObject([
      {
        action: 'activity.planned',
        detail: {
          ...planned,
          dryRun: {
            outcome: 'unknown',
            said: `It could not be asked beforehand whether this would be done: ${words}`,
          },
        },
      },
    ]);
  });

  it('is made without asking', async () => {
    let times = 0;
    const { activity, made } = asked(async () => {
      times += 1;
      return { outcome: 'accepted', said: 'PagerDuty would do it' };
    });
    await attempt(activity, {});
    expect([made.times, times]).toEqual([1, 0]);
  });
});

describe('a read', () => {
  const awaiting = defineActivity({
    name: 'awaitKey',
    kind: 'read',
    provider: 'pagerduty',
    summary: 'Waits for a key',
    permissions: [],
    input: z.object({}),
    output: z.object({ looksOnce: z.boolean() }),
    example: {},
    run: async (_, { attempt }: ActivityContext) => ({ looksOnce: attempt.looksOnce === true }),
  });

  it.each([
    ['looks once where it would wait', { mode: 'plan' }, true],
    ['looks once where its run observes', { mode: 'observe' }, true],
    ['waits in any other run', {}, false],
  ] as const)('%s', async (_, cause, looksOnce) => {
    const { result, actions } = await attempt(awaiting, cause);
    expect(result).toEqual({ looksOnce });
    expect(actions).toEqual(['activity.completed']);
  });
});

describe('a change that is made', () => {
  it('tells by which plan, from what to what, and how it is taken back', async () => {
    const { activity, made } = keyTurned();
    const { result, rows, actions, outcomes } = await attempt(activity, {});
    expect(result).toEqual({ changed: true, by: 'the act' });
    expect(made.times).toBe(1);
    expect(actions).toEqual(['activity.intended', 'activity.completed']);
    const { before, after, inverse } = planned.plan;
    const { digest } = (await attempt(keyTurned().activity, { mode: 'plan' })).rows[0]?.detail ?? {};
    expect(rows[1]?.detail).toMatchObject({ result, before, after, inverse, digest });
    expect(outcomes).toMatchObject([{ state: 'done', changed: true }]);
  });

  it('has another digest where anything of its plan is another', async () => {
    const digests = [];
    for (const calls of [['PUT /keys/shop turned=true'], ['PUT /keys/shop turned=twice']])
      for (const more of [{}, { key: 'bank' }]) {
        const { activity } = keyTurned(async () => ({ plan: { ...planned.plan, calls } }));
        digests.push((await attempt(activity, { mode: 'plan' }, {}, more)).rows[0]?.detail.digest);
      }
    expect(new Set(digests).size).toBe(4);
  });

  it('has changed nothing where its look fails, whatever the failure says of that', async () => {
    for (const failure of [providerFailure('PagerDuty', 503, 'down'), new Error('a fault')]) {
      const { activity } = keyTurned(() => Promise.reject(failure));
      const { result, outcomes } = await attempt(activity, {});
      expect(outcomes).toMatchObject([{ state: 'none' }]);
      expect(result).toMatchObject({ details: [{ effect: 'none' }] });
    }
  });

  it('may have been made where its act fails', async () => {
    const { activity } = keyTurned();
    const act = () => Promise.reject(providerFailure('PagerDuty', 503, 'down'));
    const { outcomes } = await attempt({ ...activity, act } as AnyActivity, {});
    expect(outcomes).toMatchObject([{ state: 'unknown' }]);
  });
});
