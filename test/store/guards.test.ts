import { beforeEach, describe, expect, it } from 'vitest';
import { defaultLimits, heldInWords, type Limits } from '../../domain/guard.ts';
import type { Takeover } from '../../domain/takeover.ts';
import type { EffectIntent } from '../../store/changes/effects.ts';
import type { NewHold } from '../../store/changes/holds.ts';
import type { Intent } from '../../store/changes/intent.ts';
import type { ToldTakeover } from '../../store/runs/takeovers.ts';
import { backends } from './backends.ts';
import { delivery, entry, fresh, intent, outcome } from './world.ts';

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

    it('of all, or of a workflow, lets pass what only tells people; one that names its provider does not', async () => {
      const workflow = fresh('w');
      const all = await hold({ provider: undefined });
      const ofWorkflow = await hold({ provider: undefined, workflow });
      const telling = (changes: Partial<EffectIntent> = {}) =>
        intent({ provider, workflow, onlyTells: true, ...changes });
      expect(await store.intend(intent({ provider, workflow }))).toMatchObject({ answer: 'held' });
      // By the statement for many, and by that for one.
      expect(await store.intend(telling())).toMatchObject({ answer: 'go' });
      expect(await store.intend(telling({ once: true }))).toMatchObject({ answer: 'go' });
      const { id } = await hold();
      for (const more of [{}, { once: true }])
        expect(await store.intend(telling(more))).toMatchObject({ answer: 'held', by: { hold: { id } } });
      for (const each of [all, ofWorkflow]) await lift(each.id);
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

  describe('a person who has taken the incident in hand', () => {
    const leaves = (incident: string, seen: readonly Takeover[] = []) => ({
      guards: { ...defaultLimits, unlessTaken: { incident, seen } },
      subject: incident,
    });
    const at = '2026-03-01T03:12:00.000Z';
    const ada = { how: 'acknowledged', by: 'Ada Lopez', at } as const;
    /** An event of the incident, and what the dispatcher keeps of it. */
    async function told(
      incident: string,
      takenOver: Omit<ToldTakeover, 'incident' | 'eventId'>,
      reopenedAt?: string,
    ) {
      const { seq } = await store.receive(delivery({ subject: incident }));
      const about = { id: incident, service: { id: 'PSHOP', name: 'Shop' }, reopenedAt } as never;
      const state = { id: incident, status: 'acknowledged', seenAt: takenOver.at, told: about };
      const eventId = fresh('E');
      const decided = {
        incident: state,
        takenOver: { ...takenOver, incident, eventId } as ToldTakeover,
        entries: [],
      };
      await store.decide({ seq, runs: [], ...decided });
      return eventId;
    }
    const answer = (incident: string, changes: Partial<EffectIntent> = {}, seen: readonly Takeover[] = []) =>
      store.intend(destructive({ ...leaves(incident, seen), ...changes }));
    const held = { answer: 'held', isUncertain: false, by: { guard: 'person', ...ada } };

    it('holds what is destructive of the runs of a trigger that asks for it, and of no other', async () => {
      const incident = fresh('P');
      expect(await answer(incident)).toMatchObject({ answer: 'go' });
      target = fresh('ec2:i-');
      await told(incident, ada);
      expect(await answer(incident)).toEqual(held);
      expect(await store.intend(intent({ provider, subject: incident }))).toMatchObject({ answer: 'go' });
      expect(await answer(fresh('P'))).toMatchObject({ answer: 'go' });
      target = fresh('ec2:i-');
      expect(await store.intend(destructive({ subject: incident }))).toMatchObject({ answer: 'go' });
      target = fresh('ec2:i-');
      const approved = { ...leaves(incident).guards, overridden: true };
      expect(await answer(incident, { guards: approved })).toMatchObject({ answer: 'go' });
    });

    it('is told in one way by the look before and by the change', async () => {
      const incident = fresh('P');
      await told(incident, ada);
      const { subject = '', ...asked } = destructive(leaves(incident));
      expect(await store.wouldHold({ ...asked, subject, guards: leaves(incident).guards })).toEqual(held.by);
      expect(heldInWords({ guard: 'person', ...ada })).toEqual({
        guard: 'person',
        reason:
          'Ada Lopez acknowledged the incident at 2026-03-01T03:12:00.000Z, and from then on its trigger leaves to people what is destructive',
      });
    });

    it('counts when the event comes late, twice, or after a newer one', async () => {
      const incident = fresh('P');
      const ben = { ...ada, by: 'Ben Okafor', at: '2026-03-01T03:10:00.000Z' };
      await told(incident, ada);
      await told(incident, ben);
      expect(await answer(incident)).toEqual(held);
    });

    it('counts no more once the incident was reopened, until somebody acknowledges it again', async () => {
      const incident = fresh('P');
      await told(incident, ada, '2026-03-01T04:00:00.000Z');
      expect(await answer(incident)).toMatchObject({ answer: 'go' });
      target = fresh('ec2:i-');
      const again = { ...ada, at: '2026-03-01T04:05:00.000Z' };
      await told(incident, again, '2026-03-01T04:00:00.000Z');
      expect(await answer(incident)).toMatchObject({ by: again });
    });

    it('counts no more once the acknowledgement has run out, in whichever order that is told', async () => {
      const ranOut = { how: 'unacknowledged', by: '', at: '2026-03-01T03:42:00.000Z' } as const;
      for (const events of [
        [ada, ranOut],
        [ranOut, ada],
      ]) {
        const incident = fresh('P');
        for (const each of events) await told(incident, each);
        expect(await answer(incident)).toMatchObject({ answer: 'go' });
        target = fresh('ec2:i-');
        expect(await answer(incident, {}, [ada])).toMatchObject({ answer: 'go' });
        target = fresh('ec2:i-');
        const again = { ...ada, at: '2026-03-01T03:50:00.000Z' };
        await told(incident, again);
        expect(await answer(incident)).toMatchObject({ by: again });
      }
    });

    it('holds nothing that people have approved since, and does where it was approved before', async () => {
      const incident = fresh('P');
      await told(incident, ada);
      const approved = (approvedAt: string) => ({
        guards: { ...defaultLimits, unlessTaken: { incident, approvedAt } },
      });
      expect(await answer(incident, approved('2026-03-01T03:11:00.000Z'))).toEqual(held);
      expect(await answer(incident, approved('2026-03-01T03:13:00.000Z'))).toMatchObject({ answer: 'go' });
    });

    it('and has only reassigned it counts where that was after the run began', async () => {
      const [incident, runId] = [fresh('P'), fresh('ec2-unhealthy/P')];
      const run = {
        id: runId,
        trigger: 't',
        workflow: 'w',
        target: '',
        subject: incident,
        input: {},
        cause: {},
      };
      await store.beginRun(run, entry());
      const how = 'reassigned' as const;
      await told(incident, { ...ada, how });
      expect(await answer(incident, { runId })).toMatchObject({ answer: 'go' });
      target = fresh('ec2:i-');
      const later = { ...ada, how, at: new Date(Date.now() + 60_000).toISOString() };
      await told(incident, later);
      expect(await answer(incident, { runId })).toMatchObject({ by: later });
    });

    it('by Slack counts before PagerDuty has told it, and an acknowledgement of Baton does not', async () => {
      const [incident, other] = [fresh('P'), fresh('P')];
      const acknowledges = (subject: string, actor: EffectIntent['actor']) =>
        made(intent({ subject, actor, causes: ['pagerduty.incident.acknowledged'] }));
      await acknowledges(incident, { kind: 'person', name: 'Ada Lopez', email: 'ada@example.com' });
      await acknowledges(other, { kind: 'trigger', name: 'ec2-unhealthy' });
      expect(await answer(incident)).toMatchObject({ by: { guard: 'person', by: 'Ada Lopez' } });
      target = fresh('ec2:i-');
      const own = { ...ada, by: 'Baton', at: new Date().toISOString() };
      expect(await answer(other, {}, [own])).toMatchObject({ answer: 'go' });
      target = fresh('ec2:i-');
      expect(await answer(other, {}, [own, ada])).toEqual(held);
    });

    it('comes after what nobody is asked about', async () => {
      const incident = fresh('P');
      await told(incident, ada);
      await made(destructive());
      expect(await answer(incident)).toMatchObject({ by: { guard: 'cool-down' } });
    });
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

  it('a look of a run that acts stops what was made too often, once, and a person can lift that', async () => {
    await made(destructive(), 86_400);
    const guards = { ...defaultLimits, stopsAfter: { times: 1, days: 7 } };
    const asked = { runId: fresh('r'), targets: [target], provider, workflow: 'w', guards };
    const looks = await Promise.all([store.wouldHoldOrStop(asked), world.newStore().wouldHoldOrStop(asked)]);
    const live = await store.listHolds({ live: true, limit: 50 });
    const [stop, ...more] = live.filter((hold) => hold.target === target);
    expect(more).toEqual([]);
    for (const held of looks)
      expect(held).toMatchObject({ guard: 'repeats', hold: { id: stop?.id, by: 'baton' } });
    await lift(stop?.id ?? 0);
    expect(await store.wouldHoldOrStop(asked)).toBeUndefined();
  });
});
