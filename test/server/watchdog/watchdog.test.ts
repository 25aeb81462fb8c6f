import { describe, expect, it } from 'vitest';
import type { Trouble } from '../../../domain/watched.ts';
import type { Condition } from '../../../server/watchdog/condition.ts';
import { embeddedWorld } from '../../store/world.ts';
import { type FakePager, fakeClock, fakePager, watchdogOn } from './watching.ts';

const database = await embeddedWorld();

let count = 0;
/** A store of its own, and a condition that is as the test says. */
function watching({ heldFor = 20 } = {}) {
  count += 1;
  const key = `baton/test/Wrong/${count}`;
  const trouble: Trouble = {
    key,
    summary: 'Something is wrong',
    severity: 'critical',
    component: 'test',
    class: 'Wrong',
    details: {},
  };
  const found: { troubles: Trouble[] | undefined } = { troubles: [] };
  let looks = 0;
  const condition: Condition = {
    name: 'worker.unhealthy',
    heldFor,
    events: { begins: 'worker.unhealthy', ends: 'worker.healthy' },
    async find() {
      looks += 1;
      return found.troubles;
    },
  };
  const store = database.newStore();
  const pager = fakePager();
  const clock = fakeClock();
  /** So many that whatever would happen has happened. */
  const someRounds = async () => {
    const before = looks;
    await expect.poll(() => looks).toBeGreaterThan(before + 5);
  };
  const record = async () =>
    (await store.readRecord({ subject: key, limit: 100 })).map(({ action }) => action);
  /** Others of the file have left theirs. */
  const kept = async () => (await store.listWatched()).filter((each) => each.trouble.key === key);
  return { key, trouble, found, condition, store, pager, clock, record, someRounds, kept };
}

const takenOf = ({ taken }: FakePager, key: string) => taken.filter((each) => each.endsWith(key));

describe('the watchdog', () => {
  it('tells triggers of the beginning and the end also where it has no key to page by, each time', async () => {
    const { key, trouble, found, condition, store, pager, clock, record, someRounds } = watching();
    pager.unconnected = true;
    const { watchdog } = watchdogOn(store, [condition], pager, clock);
    for (let times = 1; times <= 2; times += 1) {
      found.troubles = [trouble];
      await someRounds();
      clock.pass(21);
      await expect.poll(() => store.listWatched()).toMatchObject([{ stage: 'paging' }]);
      found.troubles = [];
      await someRounds();
      clock.pass(21);
      await expect.poll(() => store.listWatched()).toEqual([]);
    }
    const one = ['event.received', 'condition.began', 'event.received', 'condition.over'];
    expect(await record()).toEqual([...one, ...one]);
    const events = (await store.listEvents({ subject: key, limit: 10 })).map(({ type }) => type);
    expect(events.toSorted()).toEqual([
      'worker.healthy',
      'worker.healthy',
      'worker.unhealthy',
      'worker.unhealthy',
    ]);
    await watchdog.stop();
  });

  it('pages once for what is wrong for long enough, and takes the page back once it is well for a while', async () => {
    const { key, trouble, found, condition, store, pager, clock, record, someRounds } = watching();
    const { watchdog } = watchdogOn(store, [condition], pager, clock);
    found.troubles = [trouble];
    await expect.poll(() => store.listWatched()).toMatchObject([{ trouble: { key }, stage: 'noticed' }]);
    await someRounds();
    expect(pager.taken).toEqual([]);
    clock.pass(21);
    await expect.poll(() => store.listWatched()).toMatchObject([{ stage: 'paged' }]);
    await expect.poll(() => watchdog.counts()['worker.unhealthy']).toBe(1);
    await someRounds();
    expect(pager.taken).toEqual([`+${key}`]);
    expect(pager.alerts[0]).toMatchObject({
      dedupKey: key,
      severity: 'critical',
      source: 'baton',
      timestamp: '2026-11-26T10:00:00.000Z',
      details: { since: '2026-11-26T10:00:00.000Z' },
    });

    found.troubles = [];
    await expect.poll(() => store.listWatched()).toMatchObject([{ overSince: expect.any(String) }]);
    await someRounds();
    expect(pager.open).toContain(key);
    clock.pass(21);
    await expect.poll(() => store.listWatched()).toEqual([]);
    expect(pager.taken).toEqual([`+${key}`, `-${key}`]);
    expect(await record()).toEqual([
      'event.received',
      'condition.began',
      'condition.paged',
      'event.received',
      'condition.over',
    ]);
    const events = (await store.listEvents({ subject: key, limit: 10 })).map(({ type }) => type);
    expect(events.toSorted()).toEqual(['worker.healthy', 'worker.unhealthy']);
    await watchdog.stop();
  });

  it('says nothing of what passes by itself', async () => {
    const { trouble, found, condition, store, pager, clock, record, someRounds } = watching();
    const { watchdog } = watchdogOn(store, [condition], pager, clock);
    found.troubles = [trouble];
    await expect.poll(() => store.listWatched()).toHaveLength(1);
    found.troubles = [];
    await expect.poll(() => store.listWatched()).toEqual([]);
    clock.pass(60);
    await someRounds();
    expect(pager.taken).toEqual([]);
    expect(await record()).toEqual([]);
    await watchdog.stop();
  });

  it('keeps to what it knows while it cannot look, and while all is well only for a moment', async () => {
    const { key, trouble, found, condition, store, pager, clock, someRounds } = watching({ heldFor: 0 });
    const { watchdog } = watchdogOn(store, [condition], pager, clock);
    found.troubles = [trouble];
    await expect.poll(() => store.listWatched()).toMatchObject([{ stage: 'paged' }]);
    found.troubles = undefined;
    clock.pass(600);
    await someRounds();
    found.troubles = [];
    await expect.poll(() => store.listWatched()).toMatchObject([{ overSince: expect.any(String) }]);
    clock.pass(10);
    found.troubles = [trouble];
    await expect.poll(async () => (await store.listWatched())[0]?.overSince).toBeUndefined();
    clock.pass(600);
    await someRounds();
    expect(pager.taken).toEqual([`+${key}`]);
    await watchdog.stop();
    await store.dropWatched(key);
  });

  it('sends again what PagerDuty takes and does not do, and says so in the end', async () => {
    const { key, trouble, found, condition, store, pager, clock } = watching({ heldFor: 0 });
    pager.drops = true;
    const { watchdog, lines } = watchdogOn(store, [condition], pager, clock);
    found.troubles = [trouble];
    await expect.poll(() => store.listWatched()).toMatchObject([{ stage: 'paged' }]);
    const unconfirmed = 'accepted 3 times, not confirmed: it did not show up';
    expect(pager.taken).toEqual([`+${key}`, `+${key}`, `+${key}`]);
    expect(await store.readRecord({ subject: key, limit: 10 })).toContainEqual(
      expect.objectContaining({
        action: 'condition.paged',
        detail: expect.objectContaining({ unconfirmed }),
      }),
    );
    await expect
      .poll(() => lines)
      .toContainEqual(expect.objectContaining({ msg: `The page was ${unconfirmed}` }));

    pager.open.add(key);
    found.troubles = [];
    await expect.poll(async () => (await store.listWatched())[0]?.overSince).toBeDefined();
    clock.pass(30);
    await expect.poll(() => store.listWatched()).toEqual([]);
    expect(pager.taken.slice(3)).toEqual([`-${key}`, `-${key}`, `-${key}`]);
    await watchdog.stop();
  });

  it('tries until PagerDuty is there, in one line of the log', async () => {
    const { key, trouble, found, condition, store, pager, clock, someRounds } = watching({ heldFor: 0 });
    pager.away = true;
    const { watchdog, lines } = watchdogOn(store, [condition], pager, clock);
    found.troubles = [trouble];
    await expect.poll(() => store.listWatched()).toMatchObject([{ stage: 'paging' }]);
    await someRounds();
    pager.away = false;
    await expect.poll(() => store.listWatched()).toMatchObject([{ stage: 'paged' }]);
    expect(pager.taken).toEqual([`+${key}`]);
    const refusals = lines.filter(({ msg }) => msg.startsWith('People could not be told'));
    expect(refusals).toHaveLength(1);
    await watchdog.stop();
    await store.dropWatched(key);
  });

  it('pages again where it becomes worse', async () => {
    const { key, trouble, found, condition, store, pager, clock } = watching({ heldFor: 0 });
    const { watchdog } = watchdogOn(store, [condition], pager, clock);
    found.troubles = [{ ...trouble, severity: 'warning' }];
    await expect.poll(() => store.listWatched()).toMatchObject([{ stage: 'paged' }]);
    found.troubles = [trouble];
    await expect.poll(() => pager.alerts.map(({ severity }) => severity)).toEqual(['warning', 'critical']);
    await expect.poll(() => store.listWatched()).toMatchObject([{ stage: 'paged' }]);
    await watchdog.stop();
    await store.dropWatched(key);
  });

  it('is one of several servers at a time; the next goes on where it was, and takes back what it finds', async () => {
    const { key, trouble, found, condition, store, pager, clock, someRounds } = watching({ heldFor: 0 });
    const first = watchdogOn(store, [condition], pager, clock);
    found.troubles = [trouble];
    await expect.poll(() => store.listWatched()).toMatchObject([{ stage: 'paged' }]);
    const other = watchdogOn(database.newStore(), [condition], pager, clock);
    await expect.poll(() => other.watchdog.counts()['worker.unhealthy']).toBe(1);
    await someRounds();
    expect(pager.taken).toEqual([`+${key}`]);
    await first.watchdog.stop();
    found.troubles = [];
    await expect.poll(async () => (await store.listWatched())[0]?.overSince).toBeDefined();
    clock.pass(30);
    await expect.poll(() => store.listWatched()).toEqual([]);
    expect(pager.taken).toEqual([`+${key}`, `-${key}`]);
    await other.watchdog.stop();
  });

  it('goes on with a page that a process had begun when it ended', async () => {
    const { key, trouble, found, condition, store, pager, clock, record } = watching({ heldFor: 0 });
    const since = '2026-11-26T09:59:00.000Z';
    await store.keepWatched({ condition: condition.name, trouble, since, stage: 'paging' });
    found.troubles = [trouble];
    const { watchdog } = watchdogOn(store, [condition], pager, clock);
    await expect.poll(() => store.listWatched()).toMatchObject([{ stage: 'paged', since }]);
    expect(pager.taken).toEqual([`+${key}`]);
    expect(await record()).toEqual(['condition.paged']);
    await watchdog.stop();
    await store.dropWatched(key);
  });

  it('takes back the pages of a condition that is watched no more', async () => {
    const { key, trouble, store, pager, clock } = watching();
    pager.open.add(key);
    const since = '2026-11-26T09:59:00.000Z';
    await store.keepWatched({ condition: 'of.before', trouble, since, stage: 'paged' });
    const { watchdog } = watchdogOn(store, [], pager, clock);
    await expect.poll(() => store.listWatched()).toEqual([]);
    expect(pager.open).not.toContain(key);
    await watchdog.stop();
  });

  it('looks at the others where one cannot be looked at, or takes long', async () => {
    const { key, trouble, found, condition, store, pager, clock, someRounds } = watching({ heldFor: 0 });
    const failing: Condition = {
      ...condition,
      name: 'inbox.behind',
      find: () => Promise.reject(new Error('a bug')),
    };
    const slow: Condition = { ...condition, name: 'temporal.away', find: () => new Promise(() => {}) };
    found.troubles = [trouble];
    const { lines } = watchdogOn(store, [failing, slow, condition], pager, clock);
    await expect.poll(() => store.listWatched()).toMatchObject([{ stage: 'paged' }]);
    await someRounds();
    expect(pager.taken).toEqual([`+${key}`]);
    expect(lines.filter(({ msg }) => msg.includes('inbox.behind'))).toHaveLength(1);
  });

  it('pages by the connection that a policy names, and takes it back there', async () => {
    const { key, trouble, found, condition, store, pager, clock, kept } = watching({ heldFor: 0 });
    const { watchdog } = watchdogOn(store, [condition], pager, clock);
    found.troubles = [{ ...trouble, connection: 'payments' }];
    await expect.poll(kept).toMatchObject([{ stage: 'paged' }]);
    found.troubles = [];
    await expect.poll(async () => (await kept())[0]?.overSince).toBeDefined();
    clock.pass(60);
    await expect.poll(kept).toEqual([]);
    expect(takenOf(pager, key)).toEqual([`payments: +${key}`, `payments: -${key}`]);
    await watchdog.stop();
  });

  it('pages by the usual connection where that of the policy cannot page, and says so', async () => {
    const { key, trouble, found, condition, store, pager, clock, kept } = watching({ heldFor: 0 });
    pager.unknown = ['payments'];
    const { watchdog } = watchdogOn(store, [condition], pager, clock);
    found.troubles = [{ ...trouble, connection: 'payments' }];
    await expect.poll(kept).toMatchObject([{ stage: 'paged' }]);
    const lines = await store.readRecord({ subject: key, limit: 100 });
    expect(lines.at(-1)).toMatchObject({
      action: 'condition.paged',
      detail: { by: 'default', instead: expect.stringContaining('payments, which the policy names') },
    });
    found.troubles = [];
    await expect.poll(async () => (await kept())[0]?.overSince).toBeDefined();
    clock.pass(60);
    await expect.poll(kept).toEqual([]);
    expect(takenOf(pager, key)).toEqual([`+${key}`, `-${key}`]);
    await watchdog.stop();
  });

  it('pages nobody where a policy says so, and records it', async () => {
    const { key, trouble, found, condition, store, pager, clock, record, kept } = watching({ heldFor: 0 });
    const { watchdog } = watchdogOn(store, [condition], pager, clock);
    found.troubles = [{ ...trouble, isPaged: false }];
    await expect.poll(kept).toMatchObject([{ stage: 'paged' }]);
    found.troubles = [];
    await expect.poll(async () => (await kept())[0]?.overSince).toBeDefined();
    clock.pass(60);
    await expect.poll(kept).toEqual([]);
    expect([takenOf(pager, key), await record()]).toEqual([
      [],
      expect.arrayContaining(['condition.began', 'condition.over']),
    ]);
    await watchdog.stop();
  });
});
