import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../domain/guard.ts';
import type { Entry } from '../../domain/record.ts';
import type { EffectOutcome } from '../../store/changes/effects.ts';
import { backends } from './backends.ts';
import { entry, fresh, intent, outcome } from './world.ts';

describe.each(await backends())('effects on $name', ({ world }) => {
  const store = world.newStore();

  /** As if all that was done at the effect had been done so much earlier. */
  const age = (key: string, seconds: number) =>
    world.run(
      `update effects set acted_at = array(select at - interval '${seconds} seconds' from unnest(acted_at) as at)
        where key = '${key}'`,
    );

  it('lets a first attempt go', async () => {
    expect(await store.intend(intent())).toEqual({ answer: 'go', attempt: 1 });
  });

  it('gives a later attempt the result of the one that made the change, exactly', async () => {
    const effect = intent();
    const result = { id: 'C1', text: 'a\0b\ud800', numbers: [1.5], nothing: null };
    await store.intend(effect);
    await store.conclude(outcome(effect.key, { result }));
    expect(await store.intend(effect)).toEqual({ answer: 'done', result });
  });

  it('gives what an earlier effect of the activity made of the same target, of any run, where that is there once', async () => {
    const targets = [fresh('jira:')];
    const of = (changes: object) => intent({ targets, activity: 'createJiraIssue', once: true, ...changes });
    const [first, other, second] = [of({}), of({ activity: 'addJiraComment' }), of({ runId: 'another/P1' })];
    expect(await store.intend(first)).toEqual({ answer: 'go', attempt: 1 });
    expect(await store.intend(second)).toMatchObject({ answer: 'busy' });
    await store.conclude(outcome(first.key, { result: { key: 'OPS-1' } }));
    await store.intend(other);
    await store.conclude(outcome(other.key, { result: { commentId: '7' } }));
    expect(await store.intend(second)).toEqual({ answer: 'go', attempt: 1, made: { key: 'OPS-1' } });
    await store.conclude(outcome(second.key, { changed: false, result: { key: 'OPS-1' } }));
    const third = intent({ targets, activity: 'createJiraIssue' });
    expect(await store.intend(third)).toEqual({ answer: 'go', attempt: 1 });
  });

  it('tells an attempt since when it is uncertain, after one that died or does not know', async () => {
    const effect = intent();
    await store.intend(effect);
    const second = await store.intend(effect);
    expect(second).toMatchObject({ answer: 'go', uncertainSince: expect.stringMatching(/Z$/) });
    await store.conclude(outcome(effect.key, { attempt: 2, state: 'unknown' }));
    // The first time counts, however many attempts there were.
    expect(await store.intend(effect)).toEqual({ ...second, attempt: 3 });
  });

  it('tells since when some effects may have been made: not where each attempt certainly made none', async () => {
    const [open, none, done] = [intent(), intent(), intent()];
    const since = () => store.mayBeMadeSince([open.key, none.key, 'nobody-knows-it']);
    await store.intend(none);
    await store.conclude(outcome(none.key, { state: 'none', changed: false }));
    expect(await since()).toBeUndefined();
    await store.intend(open);
    expect(await since()).toMatch(/^20.*Z$/);
    await store.conclude(outcome(open.key, { state: 'unknown' }));
    expect(await since()).toMatch(/^20.*Z$/);
    await store.intend(done);
    await store.conclude(outcome(done.key, { changed: false }));
    expect(await store.mayBeMadeSince([done.key])).toMatch(/^20.*Z$/);
  });

  it('lets an attempt go plainly after one that certainly made no change', async () => {
    const effect = intent();
    await store.intend(effect);
    await store.conclude(outcome(effect.key, { state: 'none', changed: false }));
    expect(await store.intend(effect)).toEqual({ answer: 'go', attempt: 2 });
  });

  it('does not forget an uncertain attempt because a later one made no change', async () => {
    const effect = intent();
    await store.intend(effect);
    const second = await store.intend(effect);
    await store.conclude(outcome(effect.key, { attempt: 2, state: 'none', changed: false }));
    expect(await store.intend(effect)).toEqual({ ...second, attempt: 3 });
  });

  it('keeps what is known to be done, whatever a late attempt says', async () => {
    const effect = intent();
    await store.intend(effect);
    await store.conclude(outcome(effect.key, { result: 1 }));
    await store.conclude(outcome(effect.key, { state: 'unknown' }));
    expect(await store.intend(effect)).toEqual({ answer: 'done', result: 1 });
  });

  it('tells of an attempt once, also where its outcome is given again after a lost answer', async () => {
    const effect = intent();
    const subject = fresh('P');
    const told = async () => (await store.readRecord({ subject, limit: 9 })).map(({ action }) => action);
    const [completed, failed] = ['activity.completed', 'activity.failed'].map((action) =>
      entry({ subject, action }),
    );
    await store.intend(effect);
    await store.conclude(outcome(effect.key, { entry: completed as Entry }));
    await store.conclude(outcome(effect.key, { entry: completed as Entry }));
    await store.conclude(outcome(effect.key, { state: 'unknown', changed: false, entry: failed as Entry }));
    expect(await told()).toEqual(['activity.completed']);
  });

  it('tells of a late attempt, whose effect another one has taken over', async () => {
    const effect = intent();
    const subject = fresh('P');
    await store.intend(effect);
    await store.intend(effect);
    await store.conclude(outcome(effect.key, { attempt: 2 }));
    await store.conclude(outcome(effect.key, { state: 'unknown', entry: entry({ subject }) }));
    expect(await store.readRecord({ subject, limit: 9 })).toHaveLength(1);
  });

  it('lets one effect at a time at a target', async () => {
    const target = fresh('ec2:i-');
    const first = intent({ targets: [target], runId: 'ec2-unhealthy/P7' });
    const second = intent({ targets: [target] });
    await store.intend(first);
    expect(await store.intend(second)).toEqual({ answer: 'busy', heldBy: 'ec2-unhealthy/P7' });
    await store.conclude(outcome(first.key));
    expect(await store.intend(second)).toEqual({ answer: 'go', attempt: 1 });
  });

  it('lets one of 20 go that come at one target at the same moment', async () => {
    const other = world.newStore();
    const target = fresh('ec2:i-');
    const all = Array.from({ length: 20 }, (_, index) =>
      (index % 2 ? store : other).intend(intent({ targets: [target] })),
    );
    const answers = (await Promise.all(all)).map(({ answer }) => answer);
    expect(answers.filter((answer) => answer === 'go')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'busy')).toHaveLength(19);
  });

  it('lets one of 20 attempts of the same effect go without doubt', async () => {
    const effect = intent({ targets: [fresh('ec2:i-')] });
    const answers = await Promise.all(Array.from({ length: 20 }, () => store.intend(effect)));
    expect(answers.filter((given) => given.answer === 'go' && !given.uncertainSince)).toHaveLength(1);
    expect(answers.every(({ answer }) => answer === 'go')).toBe(true);
  });

  it('lets no effect block its target for hours because the clock was set back', async () => {
    const target = fresh('ec2:i-');
    const lost = intent({ targets: [target] });
    await store.intend(lost);
    await age(lost.key, -3_600);
    expect(await store.intend(intent({ targets: [target] }))).toEqual({ answer: 'go', attempt: 1 });
  });

  it('no longer lets an effect block its target that is open for more than 20 s', async () => {
    const target = fresh('ec2:i-');
    const lost = intent({ targets: [target] });
    await store.intend(lost);
    await age(lost.key, 21);
    expect(await store.intend(intent({ targets: [target] }))).toEqual({ answer: 'go', attempt: 1 });
    // Its own next attempt then waits for the other one, and still knows that it is uncertain.
    expect(await store.intend(lost)).toMatchObject({ answer: 'busy' });
  });

  it('lets no two effects go that have one of several targets in common, whichever it is', async () => {
    const [a, b, c, d] = [fresh('ec2:i-'), fresh('ec2:i-'), fresh('ec2:i-'), fresh('ec2:i-')];
    const first = intent({ targets: [a, b, b], runId: 'ec2-unhealthy/P7' });
    expect(await store.intend(first)).toMatchObject({ answer: 'go' });
    expect(await store.intend(intent({ targets: [c, b] }))).toEqual({
      answer: 'busy',
      heldBy: 'ec2-unhealthy/P7',
    });
    expect(await store.intend(intent({ targets: [c, d] }))).toMatchObject({ answer: 'go' });
    await store.conclude(outcome(first.key));
    expect(await store.intend(intent({ targets: [b] }))).toMatchObject({ answer: 'go' });
  });

  it('sees several targets also among effects that come at the same moment', async () => {
    const [a, b] = [fresh('ec2:i-'), fresh('ec2:i-')];
    const all = [[a, b], [b], [a], [b, a]].map((targets) => store.intend(intent({ targets })));
    const answers = (await Promise.all(all)).map(({ answer }) => answer);
    expect(answers).toEqual(['go', 'busy', 'busy', 'busy']);
  });

  it('lets the attempt that has replaced another one conclude, and not that one', async () => {
    const target = fresh('ec2:i-');
    const effect = intent({ targets: [target] });
    await store.intend(effect);
    await store.intend(effect);
    for (const state of ['none', 'unknown', 'done'] as const) {
      await store.conclude(outcome(effect.key, { attempt: 1, state, changed: state === 'done', result: 1 }));
      expect(await store.intend(intent({ targets: [target] }))).toMatchObject({ answer: 'busy' });
    }
    await store.conclude(outcome(effect.key, { attempt: 2, result: 2 }));
    await store.conclude(outcome(effect.key, { attempt: 1, state: 'none', changed: false }));
    expect(await store.intend(effect)).toEqual({ answer: 'done', result: 2 });
  });

  describe('under a known key', () => {
    it.each(['open', 'done', 'unknown'] as const)(
      'are another effect with another input, after %s',
      async (state) => {
        const effect = intent();
        await store.intend(effect);
        if (state !== 'open') await store.conclude(outcome(effect.key, { state }));
        expect(await store.intend({ ...effect, digest: 'two' })).toEqual({
          answer: 'conflict',
          activity: effect.activity,
        });
        expect(await store.intend({ ...effect, activity: 'acknowledgePagerDutyIncident' })).toEqual({
          answer: 'conflict',
          activity: effect.activity,
        });
      },
    );

    it('may be another one as long as nothing was made', async () => {
      const effect = intent();
      await store.intend(effect);
      await store.conclude(outcome(effect.key, { state: 'none', changed: false }));
      expect(await store.intend({ ...effect, digest: 'two' })).toEqual({ answer: 'go', attempt: 2 });
    });
  });

  describe('a destructive one', () => {
    const guards = defaultLimits;
    async function made(
      changes: Parameters<typeof intent>[0],
      state: EffectOutcome['state'] = 'done',
      changed = true,
    ) {
      const effect = intent({ guards, ...changes });
      expect(await store.intend(effect)).toMatchObject({ answer: 'go' });
      await store.conclude(outcome(effect.key, { state, changed }));
      return effect;
    }

    it.each(['done', 'unknown'] as const)(
      'is refused where an earlier one of any target is %s',
      async (state) => {
        const [a, b] = [fresh('ec2:i-'), fresh('ec2:i-')];
        await made({ targets: [a, b], runId: 'ec2-unhealthy/P7', activity: 'stopEc2Instances' }, state);
        const next = intent({ guards, targets: [fresh('ec2:i-'), b], runId: 'ec2-unhealthy/P8' });
        expect(await store.intend(next)).toEqual({
          answer: 'held',
          isUncertain: false,
          by: {
            guard: 'cool-down',
            seconds: 900,
            earlier: {
              target: b,
              runId: 'ec2-unhealthy/P7',
              activity: 'stopEc2Instances',
              at: expect.stringMatching(/Z$/),
              certain: state === 'done',
              live: false,
            },
          },
        });
        // Nothing was opened.
        expect(await store.intend(intent({ targets: [b] }))).toMatchObject({ answer: 'go' });
      },
    );

    it('is refused after one whose process has died', async () => {
      const target = fresh('ec2:i-');
      const lost = intent({ guards, targets: [target] });
      await store.intend(lost);
      await age(lost.key, 21);
      const next = intent({ guards, targets: [target], runId: 'ec2-unhealthy/P8' });
      expect(await store.intend(next)).toMatchObject({ answer: 'held', by: { earlier: { certain: false } } });
    });

    it('is let go after one that changed nothing, and when the time is over', async () => {
      const target = fresh('ec2:i-');
      const next = () => made({ targets: [target], runId: fresh('ec2-unhealthy/P') });
      await made({ targets: [target], runId: fresh('r') }, 'none', false);
      await made({ targets: [target], runId: fresh('r') }, 'done', false);
      const last = await next();
      await age(last.key, 901);
      await next();
    });

    it('is not kept by a harmless change, and does not keep one', async () => {
      const target = fresh('ec2:i-');
      const harmless = intent({ targets: [target] });
      await store.intend(harmless);
      await store.conclude(outcome(harmless.key));
      await made({ targets: [target], runId: 'ec2-unhealthy/P8' });
      expect(await store.intend(intent({ targets: [target] }))).toMatchObject({ answer: 'go' });
    });

    it('may follow another one in a run, and not itself, unless that is its plan', async () => {
      const target = fresh('ec2:i-');
      await made({ targets: [target] });
      await made({ targets: [target], activity: 'stopEc2Instances' });
      expect(await store.intend(intent({ guards, targets: [target] }))).toMatchObject({
        answer: 'held',
        by: { guard: 'cool-down' },
      });
      await made({ targets: [target], guards: { ...guards, coolDown: { seconds: 900, repeats: true } } });
    });

    it('may be tried again under its own key', async () => {
      const effect = await made({ targets: [fresh('ec2:i-')] }, 'unknown');
      expect(await store.intend(effect)).toMatchObject({ answer: 'go', uncertainSince: expect.any(String) });
    });

    it('is let go once of 12 that come from two processes at the same moment', async () => {
      const other = world.newStore();
      const target = fresh('ec2:i-');
      const makeOne = async (index: number) => {
        const from = index % 2 ? store : other;
        const effect = intent({ guards, targets: [target], runId: fresh('ec2-unhealthy/P') });
        for (;;) {
          const { answer } = await from.intend(effect);
          if (answer === 'busy') {
            await pause(5);
            continue;
          }
          if (answer === 'go') await from.conclude(outcome(effect.key));
          return answer;
        }
      };
      const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => makeOne(index)));
      expect(answers.filter((answer) => answer === 'go')).toHaveLength(1);
      expect(answers.filter((answer) => answer === 'held')).toHaveLength(11);
    });
  });

  it('writes a line for each attempt that goes and each outcome, and none for busy and done', async () => {
    const subject = fresh('P');
    const target = fresh('ec2:i-');
    const effect = intent({ targets: [target], entry: entry({ subject, action: 'activity.intended' }) });
    await store.intend(effect);
    await store.intend({ ...effect, key: fresh('busy-') });
    await store.conclude(outcome(effect.key, { entry: entry({ subject, action: 'activity.completed' }) }));
    await store.intend(effect);
    const lines = await store.readRecord({ subject, limit: 9 });
    expect(lines.map(({ action }) => action)).toEqual(['activity.intended', 'activity.completed']);
  });
});
