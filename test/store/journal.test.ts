import pino from 'pino';
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../domain/journal.ts';
import { startJournal } from '../../server/rounds/journal.ts';
import type { ToTell } from '../../store/changes/journal.ts';
import { backends } from './backends.ts';
import { entry, fresh, intent, outcome } from './world.ts';

const told: JournalEntry = {
  summary: 'Reboots i-0abc12345def67890 (by trigger ec2-unhealthy)',
  at: '2026-11-26T10:00:00.000Z',
  run: 'ec2-unhealthy/P1',
  workflow: 'ec2UnhealthyRestart',
  activity: 'rebootEc2Instances',
  targets: ['ec2:i-0abc12345def67890'],
  by: 'trigger:ec2-unhealthy',
  before: { text: 'a\0b\ud800' },
  subject: 'P1',
  account: 'default',
  connections: [],
};

describe.each(await backends())('the journal on $name', ({ world }) => {
  const store = world.newStore();
  const another = world.newStore();

  /** A change that was made, and of which PagerDuty is to be told. */
  async function left(on = store): Promise<string> {
    const effect = intent();
    await on.intend(effect);
    await on.conclude(outcome(effect.key, { journal: told }));
    return effect.key;
  }
  const take = async (key: string, by = store): Promise<ToTell | undefined> =>
    (await by.takeJournal(100, 60)).find((each) => each.key === key);
  /** As if so much time had passed. */
  const pass = (key: string, seconds = 60) =>
    world.run(
      `update journal set waits_until = waits_until - interval '${seconds} seconds' where key = '${key}'`,
    );
  const line = (key: string) =>
    entry({ action: 'change.told', detail: { run: told.run, activity: told.activity, key }, subject: key });

  it('has each change from the moment in which it was concluded, and gives it to one process', async () => {
    const key = await left();
    const taken = await Promise.all([take(key), take(key, another)]);
    expect(taken.filter((each) => each !== undefined)).toEqual([
      { key, entry: told, leftAt: expect.any(String), attempt: 1 },
    ]);
    await store.settleJournal(key, line(key));
    await pass(key);
    expect(await take(key)).toBeUndefined();
  });

  it('gives one whose process has died to another, which knows that it may have been told', async () => {
    const key = await left();
    await take(key);
    expect(await take(key, another)).toBeUndefined();
    await pass(key);
    expect(await take(key, another)).toMatchObject({ attempt: 2, uncertainSince: expect.any(String) });
  });

  it('keeps one for later where it was not told, and what was uncertain before stays so', async () => {
    const key = await left();
    const first = (await take(key)) as ToTell;
    await store.tellLater(first, 30, false);
    expect(await take(key)).toBeUndefined();
    await pass(key, 30);
    const second = (await take(key)) as ToTell;
    expect([second.attempt, second.uncertainSince]).toEqual([2, undefined]);
    await store.tellLater(second, 0, true);
    const third = (await take(key)) as ToTell;
    expect(third.uncertainSince).toEqual(expect.any(String));
    // Who was overtaken says nothing any more.
    await store.tellLater(second, 0, false);
    await store.tellLater(third, 0, false);
    expect((await take(key))?.uncertainSince).toBe(third.uncertainSince);
  });

  it('is not uncertain where nothing was sent, and tells all others to their end though one fails', async () => {
    const [unsent, unwritten, slow] = [await left(), await left(), await left()];
    const journal = startJournal({
      store: {
        takeJournal: store.takeJournal,
        tellLater: store.tellLater,
        settleJournal: (key, entry) =>
          key === unwritten
            ? Promise.reject(new Error('The store is away'))
            : store.settleJournal(key, entry),
      },
      async tell({ key }) {
        if (key === unsent) throw new Error('The activities could not be loaded');
        // The others have failed by then.
        if (key === slow) await store.readRecord({ limit: 1 });
        return { state: 'told', isUnconfirmed: false };
      },
      log: pino({ level: 'silent' }),
    });
    await journal.stop();
    expect(await store.readRecord({ subject: told.subject, limit: 100 })).toContainEqual(
      expect.objectContaining({ detail: expect.objectContaining({ key: slow }) }),
    );
    for (const key of [unsent, unwritten]) await pass(key);
    const again = await store.takeJournal(100, 60);
    const since = (key: string) => again.find((each) => each.key === key)?.uncertainSince;
    expect([since(unsent), since(unwritten)]).toEqual([undefined, expect.any(String)]);
    expect(again.map(({ key }) => key)).toContain(unsent);
  });

  it('has nothing of an attempt that another one has replaced, nor twice what was concluded twice', async () => {
    const effect = intent();
    await store.intend(effect);
    await store.intend(effect);
    await store.conclude(outcome(effect.key, { journal: told }));
    expect(await take(effect.key)).toBeUndefined();
    await store.conclude(outcome(effect.key, { attempt: 2, journal: told }));
    const first = await take(effect.key);
    expect(first?.attempt).toBe(1);
    await store.settleJournal(effect.key, line(effect.key));
    await store.conclude(outcome(effect.key, { attempt: 2, journal: told }));
    expect(await take(effect.key)).toBeUndefined();
  });

  it('writes one line of what was told, whoever says so twice', async () => {
    const key = await left();
    await Promise.all([store.settleJournal(key, line(key)), another.settleJournal(key, line(key))]);
    expect((await store.readRecord({ subject: key, limit: 10 })).map(({ action }) => action)).toEqual([
      'change.told',
    ]);
  });

  it('finds the ticket of an incident: the first that was made of it', async () => {
    const subject = fresh('P');
    for (const key of ['OPS-1', 'OPS-2']) {
      const effect = intent({ subject, activity: 'createJiraIssue' });
      await store.intend(effect);
      await store.conclude(outcome(effect.key, { result: { key } }));
    }
    expect(await store.firstResult(subject, ['createGitHubIssue', 'createJiraIssue'])).toEqual({
      key: 'OPS-1',
    });
    expect(await store.firstResult(subject, ['createGitHubIssue'])).toBeUndefined();
    expect(await store.firstResult(subject, [])).toBeUndefined();
  });
});
