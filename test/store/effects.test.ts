import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EffectOutcome, Store } from '../../store/store.ts';
import { backends } from './backends.ts';
import { delivery, entry, fresh, intent, type World } from './world.ts';

describe.each(await backends())('effects on $name', ({ open }) => {
  let world: World;
  let store: Store;
  beforeAll(async () => {
    world = await open();
    store = world.newStore();
  });
  afterAll(() => world.close());

  const outcome = (key: string, changes: Partial<EffectOutcome> = {}): EffectOutcome => ({
    key,
    attempt: 1,
    state: 'done',
    changed: true,
    entry: entry({ action: 'activity.completed' }),
    ...changes,
  });
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
    const coolDown = { seconds: 900, repeats: false };
    async function made(
      changes: Parameters<typeof intent>[0],
      state: EffectOutcome['state'] = 'done',
      changed = true,
    ) {
      const effect = intent({ coolDown, ...changes });
      expect(await store.intend(effect)).toMatchObject({ answer: 'go' });
      await store.conclude(outcome(effect.key, { state, changed }));
      return effect;
    }

    it.each(['done', 'unknown'] as const)(
      'is refused where an earlier one of any target is %s',
      async (state) => {
        const [a, b] = [fresh('ec2:i-'), fresh('ec2:i-')];
        await made({ targets: [a, b], runId: 'ec2-unhealthy/P7', activity: 'stopEc2Instances' }, state);
        const next = intent({ coolDown, targets: [fresh('ec2:i-'), b], runId: 'ec2-unhealthy/P8' });
        expect(await store.intend(next)).toEqual({
          answer: 'cooling',
          earlier: {
            target: b,
            runId: 'ec2-unhealthy/P7',
            activity: 'stopEc2Instances',
            at: expect.stringMatching(/Z$/),
            certain: state === 'done',
          },
        });
        // Nothing was opened.
        expect(await store.intend(intent({ targets: [b] }))).toMatchObject({ answer: 'go' });
      },
    );

    it('is refused after one whose process has died', async () => {
      const target = fresh('ec2:i-');
      const lost = intent({ coolDown, targets: [target] });
      await store.intend(lost);
      await age(lost.key, 21);
      const next = intent({ coolDown, targets: [target], runId: 'ec2-unhealthy/P8' });
      expect(await store.intend(next)).toMatchObject({ answer: 'cooling', earlier: { certain: false } });
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
      expect(await store.intend(intent({ coolDown, targets: [target] }))).toMatchObject({
        answer: 'cooling',
      });
      await made({ targets: [target], coolDown: { ...coolDown, repeats: true } });
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
        const effect = intent({ coolDown, targets: [target], runId: fresh('ec2-unhealthy/P') });
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
      expect(answers.filter((answer) => answer === 'cooling')).toHaveLength(11);
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

  describe('echoes', () => {
    const type = 'pagerduty.incident.acknowledged';
    const noteType = 'pagerduty.incident.annotated';
    /** Seconds from now. */
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    async function acted(changes: Parameters<typeof intent>[0] = {}) {
      const effect = intent({ subject: fresh('P'), causes: [type, noteType], ...changes });
      await store.intend(effect);
      return { effect, subject: effect.subject ?? '' };
    }
    /** An event that happened, and arrived, so many seconds from now. */
    const claim = (subject: string, { happened = 0, arrived = 1, eventId = fresh('e'), kind = type } = {}) =>
      store.claimEcho({ subject, type: kind, eventId, time: at(happened), receivedAt: at(arrived) });

    it('are claimed once, and again by the same event', async () => {
      const { effect, subject } = await acted();
      const eventId = fresh('e');
      const claimed = await claim(subject, { eventId });
      expect(claimed).toEqual({ runId: effect.runId, activity: effect.activity, actor: effect.actor });
      expect(await claim(subject)).toBeUndefined();
      expect(await claim(subject, { eventId })).toEqual(claimed);
      // Also when it is dispatched again much later.
      await age(effect.key, 3600);
      expect(await claim(subject, { eventId })).toEqual(claimed);
    });

    it('are claimed once for each event that the effect causes, of one type or of several', async () => {
      const { subject } = await acted({ causes: [type, noteType, noteType, noteType] });
      expect(await claim(subject)).toBeDefined();
      for (let count = 1; count <= 3; count += 1)
        expect(await claim(subject, { kind: noteType })).toBeDefined();
      expect(await claim(subject, { kind: noteType })).toBeUndefined();
    });

    it('are claimed by one of many events that come at the same moment', async () => {
      const { subject } = await acted();
      const claims = Array.from({ length: 10 }, () => claim(subject));
      expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
    });

    it('are of the same incident and type only', async () => {
      const { subject } = await acted();
      expect(await claim(fresh('P'))).toBeUndefined();
      expect(await claim(subject, { kind: 'pagerduty.incident.resolved' })).toBeUndefined();
    });

    it.each([
      ['arrive minutes later, after an outage', { happened: 1, arrived: 600 }, true],
      ['come from a clock that is behind', { happened: -20, arrived: 600 }, true],
      ['come from a clock that is ahead', { happened: 20, arrived: 600 }, true],
      ['come at once from a clock that is an hour off', { happened: -3600, arrived: 1 }, true],
      ['are not what a person did a minute later', { happened: 60, arrived: 61 }, false],
      [
        'are not what a person did a minute later, told after an outage',
        { happened: 60, arrived: 600 },
        false,
      ],
      ['are not what a person did a minute before', { happened: -60, arrived: -59 }, false],
    ])('%s', async (_, times, isEcho) => {
      const { subject } = await acted();
      expect((await claim(subject, times)) !== undefined).toBe(isEcho);
    });

    it.each(['unknown', 'open'] as const)(
      'come of a first attempt whose answer was lost (%s)',
      async (state) => {
        const { effect, subject } = await acted();
        if (state === 'unknown') await store.conclude(outcome(effect.key, { state, changed: false }));
        await age(effect.key, 300);
        expect(await claim(subject, { happened: -299 })).toBeDefined();
      },
    );

    it('come of the first attempt when a second one, minutes later, finds it made', async () => {
      const { effect, subject } = await acted();
      await store.conclude(outcome(effect.key, { state: 'unknown', changed: false }));
      await age(effect.key, 300);
      await store.intend(effect);
      await store.conclude(outcome(effect.key, { attempt: 2, changed: false }));
      // What somebody did in between was not ours.
      expect(await claim(subject, { happened: -150 })).toBeUndefined();
      expect(await claim(subject, { happened: -299 })).toBeDefined();
    });

    it('are timed by the clock of the store where it has the event, not by that of the receiver', async () => {
      const { subject } = await acted();
      const given = delivery({ subject, type });
      await store.receive(given);
      const echo = { happened: -3600, arrived: -3600, eventId: given.eventId };
      expect(await claim(subject, echo)).toBeDefined();
    });

    it.each(['done', 'none'] as const)('come of no effect that changed nothing (%s)', async (state) => {
      const { effect, subject } = await acted();
      await store.conclude(outcome(effect.key, { state, changed: false }));
      expect(await claim(subject)).toBeUndefined();
    });

    it('tell the person on whose behalf it was done', async () => {
      const actor = { kind: 'person', name: 'Ada', email: 'ada@example.com' } as const;
      const { subject } = await acted({ actor });
      expect((await claim(subject))?.actor).toEqual(actor);
    });
  });
});
