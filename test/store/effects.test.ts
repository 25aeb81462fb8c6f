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
    state: 'done',
    changed: true,
    entry: entry({ action: 'activity.completed' }),
    ...changes,
  });
  const age = (key: string, seconds: number) =>
    world.run(
      `update effects set intended_at = intended_at - interval '${seconds} seconds' where key = '${key}'`,
    );

  it('lets a first attempt go', async () => {
    expect(await store.intend(intent())).toEqual({ answer: 'go' });
  });

  it('gives a later attempt the result of the one that made the change, exactly', async () => {
    const effect = intent();
    const result = { id: 'C1', text: 'a\0b\ud800', numbers: [1.5], nothing: null };
    await store.intend(effect);
    await store.conclude(outcome(effect.key, { result }));
    expect(await store.intend({ ...effect, attempt: 2 })).toEqual({ answer: 'done', result });
  });

  it('tells an attempt since when it is uncertain, after one that died or does not know', async () => {
    const effect = intent();
    await store.intend(effect);
    const second = await store.intend({ ...effect, attempt: 2 });
    expect(second).toMatchObject({ answer: 'go', uncertainSince: expect.stringMatching(/Z$/) });
    await store.conclude(outcome(effect.key, { state: 'unknown' }));
    // The first time counts, however many attempts there were.
    expect(await store.intend({ ...effect, attempt: 3 })).toEqual(second);
  });

  it('lets an attempt go plainly after one that certainly made no change', async () => {
    const effect = intent();
    await store.intend(effect);
    await store.conclude(outcome(effect.key, { state: 'none', changed: false }));
    expect(await store.intend({ ...effect, attempt: 2 })).toEqual({ answer: 'go' });
  });

  it('does not forget an uncertain attempt because a later one made no change', async () => {
    const effect = intent();
    await store.intend(effect);
    const second = await store.intend({ ...effect, attempt: 2 });
    await store.conclude(outcome(effect.key, { state: 'none', changed: false }));
    expect(await store.intend({ ...effect, attempt: 3 })).toEqual(second);
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
    const first = intent({ target, runId: 'ec2-unhealthy/P7' });
    const second = intent({ target });
    await store.intend(first);
    expect(await store.intend(second)).toEqual({ answer: 'busy', heldBy: 'ec2-unhealthy/P7' });
    await store.conclude(outcome(first.key));
    expect(await store.intend(second)).toEqual({ answer: 'go' });
  });

  it('lets one of 20 go that come at one target at the same moment', async () => {
    const other = world.newStore();
    const target = fresh('ec2:i-');
    const all = Array.from({ length: 20 }, (_, index) =>
      (index % 2 ? store : other).intend(intent({ target })),
    );
    const answers = (await Promise.all(all)).map(({ answer }) => answer);
    expect(answers.filter((answer) => answer === 'go')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'busy')).toHaveLength(19);
  });

  it('lets one of 20 attempts of the same effect go without doubt', async () => {
    const effect = intent({ target: fresh('ec2:i-') });
    const answers = await Promise.all(Array.from({ length: 20 }, () => store.intend(effect)));
    expect(answers.filter((given) => given.answer === 'go' && !given.uncertainSince)).toHaveLength(1);
    expect(answers.every(({ answer }) => answer === 'go')).toBe(true);
  });

  it('no longer lets an effect block its target that is open for more than 20 s', async () => {
    const target = fresh('ec2:i-');
    const lost = intent({ target });
    await store.intend(lost);
    await age(lost.key, 21);
    expect(await store.intend(intent({ target }))).toEqual({ answer: 'go' });
    // Its own next attempt then waits for the other one, and still knows that it is uncertain.
    expect(await store.intend(lost)).toMatchObject({ answer: 'busy' });
  });

  it('writes a line for each attempt that goes and each outcome, and none for busy and done', async () => {
    const subject = fresh('P');
    const target = fresh('ec2:i-');
    const effect = intent({ target, entry: entry({ subject, action: 'activity.intended' }) });
    await store.intend(effect);
    await store.intend({ ...effect, key: fresh('busy-') });
    await store.conclude(outcome(effect.key, { entry: entry({ subject, action: 'activity.completed' }) }));
    await store.intend(effect);
    const lines = await store.readRecord({ subject, limit: 9 });
    expect(lines.map(({ action }) => action)).toEqual(['activity.intended', 'activity.completed']);
  });

  describe('echoes', () => {
    const type = 'pagerduty.incident.acknowledged';
    const receivedAt = () => new Date(Date.now() + 1000).toISOString();
    async function acted(changes: Parameters<typeof intent>[0] = {}) {
      const effect = intent({
        subject: fresh('P'),
        causes: [type, 'pagerduty.incident.annotated'],
        ...changes,
      });
      await store.intend(effect);
      return { effect, subject: effect.subject ?? '' };
    }

    it('are claimed once, and again by the same event', async () => {
      const { effect, subject } = await acted();
      const echo = { subject, type, eventId: fresh('e'), receivedAt: receivedAt() };
      const claimed = await store.claimEcho(echo);
      expect(claimed).toEqual({ runId: effect.runId, activity: effect.activity, actor: effect.actor });
      expect(await store.claimEcho({ ...echo, eventId: fresh('e') })).toBeUndefined();
      expect(await store.claimEcho(echo)).toEqual(claimed);
    });

    it('are claimed once for each type of event that the effect causes', async () => {
      const { subject } = await acted();
      const echo = { subject, eventId: fresh('e'), receivedAt: receivedAt() };
      expect(await store.claimEcho({ ...echo, type })).toBeDefined();
      expect(
        await store.claimEcho({ ...echo, eventId: fresh('e'), type: 'pagerduty.incident.annotated' }),
      ).toBeDefined();
    });

    it('are claimed by one of many events that come at the same moment', async () => {
      const { subject } = await acted();
      const claims = Array.from({ length: 10 }, () =>
        store.claimEcho({ subject, type, eventId: fresh('e'), receivedAt: receivedAt() }),
      );
      expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
    });

    it('are of the same incident and type only', async () => {
      const { subject } = await acted();
      const echo = { subject, type, eventId: fresh('e'), receivedAt: receivedAt() };
      expect(await store.claimEcho({ ...echo, subject: fresh('P') })).toBeUndefined();
      expect(await store.claimEcho({ ...echo, type: 'pagerduty.incident.resolved' })).toBeUndefined();
    });

    it('come within 120 s after the intent, and not before it', async () => {
      const { effect, subject } = await acted();
      const echo = { subject, type, eventId: fresh('e') };
      const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
      expect(await store.claimEcho({ ...echo, receivedAt: at(-10) })).toBeUndefined();
      expect(await store.claimEcho({ ...echo, receivedAt: at(125) })).toBeUndefined();
      await age(effect.key, 100);
      expect(await store.claimEcho({ ...echo, receivedAt: at(1) })).toBeDefined();
    });

    it('are timed by the clock of the store where it has the event, not by that of the receiver', async () => {
      const { subject } = await acted();
      const given = delivery({ subject, type });
      await store.receive(given);
      const hourBefore = new Date(Date.now() - 3_600_000).toISOString();
      const echo = { subject, type, eventId: given.eventId, receivedAt: hourBefore };
      expect(await store.claimEcho(echo)).toBeDefined();
    });

    it('come of no effect that changed nothing', async () => {
      const { effect, subject } = await acted();
      await store.conclude(outcome(effect.key, { changed: false }));
      expect(
        await store.claimEcho({ subject, type, eventId: 'e', receivedAt: receivedAt() }),
      ).toBeUndefined();
    });

    it('tell the person on whose behalf it was done', async () => {
      const actor = { kind: 'person', name: 'Ada', email: 'ada@example.com' } as const;
      const { subject } = await acted({ actor });
      const echo = await store.claimEcho({ subject, type, eventId: fresh('e'), receivedAt: receivedAt() });
      expect(echo?.actor).toEqual(actor);
    });
  });
});
