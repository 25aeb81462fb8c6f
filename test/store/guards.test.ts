import { beforeEach, describe, expect, it } from 'vitest';
import { defaultLimits, heldInWords, type Limits } from '../../domain/guard.ts';
import type { EffectIntent } from '../../store/effects.ts';
import type { NewHold } from '../../store/holds.ts';
import type { Intent } from '../../store/intent.ts';
import { backends } from './backends.ts';
import { entry, fresh, intent, outcome } from './world.ts';

describe.each(await backends())('guards on $name', ({ world }) => {
  const store = world.newStore();
  let target: string;
  let provider: string;
  beforeEach(() => {
    target = fresh('ec2:i-');
    provider = fresh('provider-');
  });

  const destructive = (changes: Partial<EffectIntent> = {}) =>
    intent({
      provider,
      guards: defaultLimits,
      targets: [target],
      runId: fresh('ec2-unhealthy/P'),
      subject: fresh('P'),
      ...changes,
    });

  /** Made so many seconds ago. */
  async function made(effect: EffectIntent, seconds = 0): Promise<Intent> {
    const answer = await store.intend(effect);
    if (answer.answer !== 'go') return answer;
    await store.conclude(outcome(effect.key));
    await world.run(
      `update effects set acted_at = array(select at - interval '${seconds} seconds' from unnest(acted_at) as at)
        where key = '${effect.key}'`,
    );
    return answer;
  }

  const hold = (changes: Partial<NewHold> = {}) =>
    store.setHold(
      { kind: 'kill-switch', provider, reason: 'drill', by: 'person:ada@example.com', ...changes },
      (id) => entry({ subject: String(id) }),
    );
  const lift = (id: number) => store.liftHold(id, 'person:ada@example.com', 'over', entry());

  describe('the kill switch', () => {
    it('holds every change before it is made, and lets it go once it is released', async () => {
      const { id } = await hold();
      for (const effect of [
        intent({ provider }),
        destructive(),
        destructive({ guards: { ...defaultLimits, overridden: true } }),
      ])
        expect(await store.intend(effect)).toEqual({
          answer: 'held',
          isUncertain: false,
          by: { guard: 'kill-switch', hold: { id, reason: 'drill', by: 'person:ada@example.com' } },
        });
      expect(await lift(id)).toMatchObject({ id, liftedBy: 'person:ada@example.com', liftedBecause: 'over' });
      expect(await store.intend(intent({ provider }))).toMatchObject({ answer: 'go' });
      expect(await store.intend(destructive())).toMatchObject({ answer: 'go' });
    });

    it('of a provider or of a workflow holds no other', async () => {
      await hold();
      await hold({ provider: 'none', workflow: fresh('w') });
      expect(await store.intend(intent({ provider: 'another' }))).toMatchObject({ answer: 'go' });
      const workflow = fresh('w');
      const { id } = await hold({ provider: undefined, workflow });
      expect(await store.intend(intent({ provider: 'another', workflow }))).toMatchObject({
        by: { hold: { id } },
      });
      expect(await store.intend(intent({ provider: 'another' }))).toMatchObject({ answer: 'go' });
    });

    it('lets pass what a person asks for, unless it is destructive', async () => {
      await hold();
      expect(await store.intend(intent({ provider, isAskedFor: true }))).toMatchObject({ answer: 'go' });
      expect(await store.intend(destructive({ isAskedFor: true }))).toMatchObject({ answer: 'held' });
    });

    it('holds the next attempt of a change whose first one failed, and gives what was made before', async () => {
      const [failed, done] = [intent({ provider }), intent({ provider })];
      for (const effect of [failed, done]) await store.intend(effect);
      await store.conclude(outcome(failed.key, { state: 'none', changed: false }));
      await store.conclude(outcome(done.key, { result: 1 }));
      await hold();
      expect(await store.intend(failed)).toMatchObject({ answer: 'held' });
      expect(await store.intend(done)).toEqual({ answer: 'done', result: 1 });
    });
  });

  it('a freeze holds what is destructive, of its service, from its beginning to its end', async () => {
    const at = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
    const freeze = { kind: 'freeze', service: 'PCHECKOUT', until: at(3_600) } as const;
    await hold({ ...freeze, from: at(1_800) });
    await hold({ ...freeze, from: at(-3_600), until: at(-1) });
    expect(await store.intend(destructive({ service: 'PCHECKOUT' }))).toMatchObject({ answer: 'go' });
    const { id } = await hold(freeze);
    target = fresh('ec2:i-');
    const held = await store.intend(destructive({ service: 'PCHECKOUT' }));
    expect(held).toMatchObject({ by: { guard: 'freeze', hold: { id, until: freeze.until } } });
    expect(await store.intend(intent({ provider, service: 'PCHECKOUT' }))).toMatchObject({ answer: 'go' });
    expect(await store.intend(destructive({ service: 'POTHER' }))).toMatchObject({ answer: 'go' });
    target = fresh('ec2:i-');
    const approved = destructive({ service: 'PCHECKOUT', guards: { ...defaultLimits, overridden: true } });
    expect(await store.intend(approved)).toMatchObject({ answer: 'go' });
  });

  it('a target is changed twice in one incident, and no third time', async () => {
    const subject = fresh('P');
    for (const seconds of [3_000, 2_000])
      expect(await made(destructive({ subject }), seconds)).toMatchObject({ answer: 'go' });
    expect(await store.intend(destructive({ subject }))).toEqual({
      answer: 'held',
      isUncertain: false,
      by: { guard: 'attempts', target, made: 2, within: 'incident' },
    });
    expect(await store.intend(destructive())).toMatchObject({ answer: 'go' });
  });

  it('a target is changed six times in a day, in whatever incidents', async () => {
    for (let times = 0; times < 6; times += 1) await made(destructive(), 80_000 - times * 1_000);
    expect(await store.intend(destructive())).toEqual({
      answer: 'held',
      isUncertain: false,
      by: { guard: 'attempts', target, made: 6, within: 'day', since: expect.stringMatching(/Z$/) },
    });
  });

  it('what one run repeats by its plan counts once', async () => {
    const repeating: Limits = { ...defaultLimits, coolDown: { seconds: 900, repeats: true } };
    const one = { runId: fresh('r'), subject: fresh('P'), guards: repeating };
    for (let times = 0; times < 8; times += 1)
      expect(await made(destructive(one))).toMatchObject({ answer: 'go' });
    expect(await made(destructive({ subject: one.subject, guards: repeating }), 0)).toMatchObject({
      answer: 'held',
      isUncertain: false,
      by: { guard: 'cool-down' },
    });
  });

  it('the same change of the same target too often within days stops, until a person lifts that', async () => {
    const limits: Limits = { ...defaultLimits, stopsAfter: { times: 3, days: 7 } };
    for (const days of [6, 4, 2]) await made(destructive({ guards: limits }), days * 86_400);
    const held = await store.intend(destructive({ guards: limits }));
    expect(held).toMatchObject({ answer: 'held', by: { guard: 'repeats', hold: { by: 'baton' } } });
    const [stop] = await store.listHolds({ live: true, limit: 1 });
    expect(stop).toMatchObject({ kind: 'repeats', activity: 'rebootEc2Instances', target, by: 'baton' });
    expect(held).toMatchObject({ by: { hold: { id: stop?.id } } });
    expect(await store.intend(destructive({ guards: limits }))).toMatchObject({
      by: { hold: { id: stop?.id } },
    });
    expect(
      await world.db.selectFrom('record_queue').select('action').where('subject', '=', target).execute(),
    ).toEqual([{ action: 'hold.set' }]);
    await lift(stop?.id ?? 0);
    expect(await store.intend(destructive({ guards: limits }))).toMatchObject({ answer: 'go' });
  });

  describe('a group', () => {
    const group = () => ({ targets: [target, ...Array.from({ length: 7 }, () => fresh('ec2:i-'))], most: 2 });

    it('has so many of its targets changed within the cool-down, and no more', async () => {
      const { targets, most } = group();
      const guards: Limits = { ...defaultLimits, group: { targets, most } };
      const [a = '', b = '', c = ''] = targets;
      for (const one of [a, b])
        expect(await made(destructive({ guards, targets: [one] }))).toMatchObject({ answer: 'go' });
      expect(await store.intend(destructive({ guards, targets: [c] }))).toEqual({
        answer: 'held',
        isUncertain: false,
        by: {
          guard: 'blast-radius',
          asked: 1,
          changed: 2,
          most: 2,
          of: 8,
          seconds: 900,
          since: expect.stringMatching(/Z$/),
        },
      });
    });

    it('has nothing changed by one that would change too many at once', async () => {
      const guards: Limits = { ...defaultLimits, group: group() };
      const targets = guards.group?.targets.slice(0, 3) ?? [];
      expect(await store.intend(destructive({ guards, targets }))).toEqual({
        answer: 'held',
        isUncertain: false,
        by: { guard: 'blast-radius', asked: 3, changed: 0, most: 2, of: 8, seconds: 900 },
      });
    });

    it('lets two of fifty pass that come from two processes at the same moment', async () => {
      const other = world.newStore();
      const targets = Array.from({ length: 50 }, () => fresh('ec2:i-'));
      const guards: Limits = { ...defaultLimits, group: { targets, most: 2 } };
      const answers = await Promise.all(
        targets.map((each, index) =>
          (index % 2 ? store : other).intend(destructive({ guards, targets: [each] })),
        ),
      );
      expect(answers.filter(({ answer }) => answer === 'go')).toHaveLength(2);
      expect(
        answers.filter((each) => each.answer === 'held' && each.by.guard === 'blast-radius'),
      ).toHaveLength(48);
    });
  });

  it('a look tells what would hold, and keeps nothing', async () => {
    const asked = { runId: fresh('r'), targets: [target], provider, workflow: 'w', guards: defaultLimits };
    expect(await store.wouldHold(asked)).toBeUndefined();
    await made(destructive());
    expect(await store.wouldHold(asked)).toMatchObject({ guard: 'cool-down', earlier: { target } });
    const often = { ...defaultLimits, stopsAfter: { times: 1, days: 7 } };
    const held = await store.wouldHold({ ...asked, guards: often });
    expect(held).toEqual({ guard: 'repeats', hold: { reason: expect.any(String), by: 'baton' } });
    expect(held && heldInWords(held).reason).not.toContain('changes allow');
  });

  describe('the breaker of a workflow', () => {
    async function end(workflow: string, state: 'failed' | 'completed', mode?: 'plan') {
      const id = fresh('ec2-unhealthy/P');
      await world.run(
        `insert into runs (id, trigger, workflow, target, event_seq, state, cause)
          values ('${id}', 't', '${workflow}', 'x', 1, 'running', '${JSON.stringify(mode ? { mode } : {})}')`,
      );
      await store.endRun({
        id,
        workflow,
        ...(mode ? { mode } : {}),
        state,
        outcome: state,
        entry: entry(),
        event: {
          source: '/baton',
          eventId: id,
          type: 'run.failed',
          time: new Date().toISOString(),
          event: {},
          actor: 'baton',
          via: 'worker',
        },
      });
    }
    const stateOf = async (workflow: string) =>
      (await store.intend(destructive({ workflow, targets: [fresh('ec2:i-')] }))).answer;

    it('opens when five runs in a row have failed, and holds what is destructive until a person lifts it', async () => {
      const workflow = fresh('w');
      for (const state of ['failed', 'failed', 'completed', 'failed', 'failed', 'failed'] as const)
        await end(workflow, state);
      await end(workflow, 'failed', 'plan');
      await end(workflow, 'failed');
      await end(workflow, 'completed', 'plan');
      expect(await stateOf(workflow)).toBe('go');
      await end(workflow, 'failed');
      const held = await store.intend(destructive({ workflow }));
      expect(held).toMatchObject({ answer: 'held', by: { guard: 'breaker' } });
      await end(workflow, 'completed');
      await end(workflow, 'failed');
      expect(await stateOf(workflow)).toBe('held');
      expect(await store.intend(intent({ provider, workflow }))).toMatchObject({ answer: 'go' });
      const live = (await store.listHolds({ live: true, limit: 100 })).filter(
        (each) => each.workflow === workflow,
      );
      expect(live).toHaveLength(1);
      await lift(live[0]?.id ?? 0);
      expect(await stateOf(workflow)).toBe('go');
      await end(workflow, 'failed');
      expect(await stateOf(workflow)).toBe('go');
    });

    it('opens once for many that fail at the same moment', async () => {
      const workflow = fresh('w');
      await Promise.all(Array.from({ length: 12 }, () => end(workflow, 'failed')));
      expect(await stateOf(workflow)).toBe('held');
      const holds = (await store.listHolds({ live: true, limit: 100 })).filter(
        (each) => each.workflow === workflow,
      );
      expect(holds).toHaveLength(1);
    });
  });
});
