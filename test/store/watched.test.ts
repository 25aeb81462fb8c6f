import { describe, expect, it } from 'vitest';
import type { Watched } from '../../domain/watched.ts';
import { migrate } from '../../store/migrations.ts';
import { liveRun } from './approval.ts';
import { backends } from './backends.ts';
import { delivery, entry, fresh } from './world.ts';

describe.each(await backends())('what the watchdog keeps on $name', ({ world }) => {
  const [store, other] = [world.newStore(), world.newStore()];

  it('is one process’s duty until it hands it over or does not prolong it', async () => {
    const name = fresh('duty-');
    expect(await store.takeDuty(name, 60)).toBe(true);
    expect(await other.takeDuty(name, 60)).toBe(false);
    expect(await store.takeDuty(name, 60)).toBe(true);
    await store.releaseDuties();
    expect(await other.takeDuty(name, -1)).toBe(true);
    expect(await store.takeDuty(name, 60)).toBe(true);
    await store.releaseDuties();
  });

  it('is one holder’s duty also within one process, where it names one', async () => {
    const name = fresh('duty-');
    expect(await store.takeDuty(name, 60, 'one')).toBe(true);
    expect(await store.takeDuty(name, 60, 'two')).toBe(false);
    await store.releaseDuty(name, 'two');
    expect(await store.takeDuty(name, 60, 'two')).toBe(false);
    await store.releaseDuty(name, 'one');
    expect(await store.takeDuty(name, -1, 'two')).toBe(true);
    expect(await store.takeDuty(name, 60, 'one')).toBe(true);
  });

  it('is given back as it was kept, by its key, and is gone when it is dropped, each with its line', async () => {
    const key = fresh('baton/test/');
    const watched: Watched = {
      condition: 'worker.unhealthy',
      trouble: {
        key,
        summary: 'No worker',
        severity: 'critical',
        component: 'worker',
        class: 'NoWorker',
        details: { missing: ['workflow'] },
      },
      since: '2026-11-26T10:00:00.000Z',
      stage: 'noticed',
    };
    const kept = async () => (await other.listWatched()).filter(({ trouble }) => trouble.key === key);
    await store.keepWatched(watched);
    expect(await kept()).toEqual([watched]);
    const paged: Watched = { ...watched, stage: 'paged', overSince: '2026-11-26T11:00:00.000Z' };
    await store.keepWatched(paged, entry({ subject: key }));
    expect(await kept()).toEqual([paged]);
    await store.dropWatched(key, entry({ subject: key }));
    expect(await kept()).toEqual([]);
    expect(await store.readRecord({ subject: key, limit: 9 })).toHaveLength(2);
  });

  it('is told once, with the lines that belong to it', async () => {
    const subject = fresh('baton/test/');
    const { body: _, ...event } = delivery({ subject, source: '/baton' });
    const tell = (from: typeof store) => from.tell(event, [entry({ subject })]);
    const told = await Promise.all([tell(store), tell(other), tell(store)]);
    expect(told.toSorted()).toEqual([false, false, true]);
    const record = await store.readRecord({ subject, limit: 9 });
    expect(record.map(({ action }) => action)).toEqual(['trigger.answered', 'event.received']);
  });

  it('finds the live runs that are older than their trigger lets them be, and which of them were told of', async () => {
    const { runId } = await liveRun(store);
    await world.run(`update runs set created_at = now() - interval '2 hours' where id = '${runId}'`);
    const overdue = async (trigger: string, seconds: number) =>
      (await store.overdueRuns([{ trigger, seconds }], 100)).filter(({ run }) => run.id === runId);
    expect(await overdue('ec2-unhealthy', 7_190)).toMatchObject([
      { run: { id: runId }, cause: { whenResolved: 'stop' }, isTold: false },
    ]);
    expect(await overdue('ec2-unhealthy', 7_300)).toEqual([]);
    expect(await overdue('other', 10)).toEqual([]);
    const { body: _, ...event } = delivery({ source: '/baton', eventId: `run.overdue/${runId}` });
    await store.tell(event);
    expect(await overdue('ec2-unhealthy', 7_190)).toMatchObject([{ isTold: true }]);
    await world.run(`update runs set state = 'completed', ended_at = now() where id = '${runId}'`);
    expect(await overdue('ec2-unhealthy', 7_190)).toEqual([]);
  });
});

describe.each(await backends())(
  'the pages for runs that stand still of a store of an earlier version, on $name',
  ({ world }) => {
    it('are open until the watchdog takes them back', async () => {
      const store = world.newStore();
      const { runId } = await liveRun(store);
      const stuck = (reason: string, more: string) =>
        `'{"reason":"${reason}","message":"it cannot","since":"2026-11-26T10:00:00.000Z"${more}}'`;
      const told = async (reason: string, more: string) => {
        await world.run(
          `drop table duties, watched, schedules, lowered_triggers, questions, takeovers, journal, kept_texts, heartbeats, subscriptions, deliveries, callbacks, set_up, removed_connections, repeats, sign_in_links, set_up_adopted, consents`,
        );
        await world.run(`alter table pulls drop column gap`);
        await world.run(`alter table runs drop column verified`);
        for (const [table, column] of [
          ['sessions', 'local_name'],
          ['inbox', 'urgent'],
          ['incidents', 'urgent'],
          ['budgets', 'urgent_until'],
        ])
          await world.run(`alter table ${table} drop column ${column}`);
        await world.run(`drop index runs_asking`);
        await world.run(`delete from migrations where name >= '0027'`);
        await world.run(`update runs set stuck = ${stuck(reason, more)} where id = '${runId}'`);
        await migrate(world.db);
        return { watched: await store.listWatched(), run: await store.findRun(runId) };
      };
      const paged = await told('NonDeterminism', ',"paged":true');
      expect(paged.watched).toMatchObject([
        { condition: 'run.stuck', trouble: { key: 'baton/restart/RunStuck/NonDeterminism' }, stage: 'paged' },
      ]);
      expect(paged.run?.stuck).toEqual({
        reason: 'NonDeterminism',
        message: 'it cannot',
        since: '2026-11-26T10:00:00.000Z',
      });
      const over = await told('NoWorker', ',"paged":true,"over":true');
      expect(over.watched).toMatchObject([
        { condition: 'worker.unhealthy', trouble: { key: 'baton/worker/NoWorker/all' } },
      ]);
      expect(over.run?.stuck).toBeUndefined();
      expect((await told('NonDeterminism', '')).watched).toEqual([]);
    });
  },
);
