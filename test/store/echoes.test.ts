import { describe, expect, it } from 'vitest';
import { backends } from './backends.ts';
import { delivery, fresh, intent, outcome } from './world.ts';

describe.each(await backends())('effects on $name', ({ world }) => {
  const store = world.newStore();

  /** As if all that was done at the effect had been done so much earlier. */
  const age = (key: string, seconds: number) =>
    world.run(
      `update effects set acted_at = array(select at - interval '${seconds} seconds' from unnest(acted_at) as at)
        where key = '${key}'`,
    );

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
      store.claimEcho({
        subject,
        type: kind,
        eventId,
        source: 'pagerduty',
        time: at(happened),
        receivedAt: at(arrived),
      });

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

    it('are not timed by another account’s event with the same id', async () => {
      const { subject } = await acted();
      const given = delivery({ subject: `other/${subject}`, type, source: '/pagerduty/other' });
      await store.receive(given);
      expect(
        await claim(subject, { happened: -3600, arrived: -3600, eventId: given.eventId }),
      ).toBeUndefined();
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
