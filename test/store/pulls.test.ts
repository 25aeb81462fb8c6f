import { describe, expect, it } from 'vitest';
import { backends } from './backends.ts';
import { delivery, fresh } from './world.ts';

describe.each(await backends())('pulls on $name', ({ world }) => {
  const [store, other] = [world.newStore(), world.newStore()];
  const place = { since: '2026-11-25T10:00:00.000Z', seen: { R1: '2026-11-25T10:00:00.000Z' } };

  it('are one process’s until it hands them over or does not prolong them', async () => {
    const connection = fresh('account-');
    expect(await store.leasePull(connection, 60)).toEqual({ mine: true });
    expect(await other.leasePull(connection, 60)).toEqual({ mine: false });
    expect(await store.leasePull(connection, 60)).toEqual({ mine: true });
    expect(await other.keepPull(connection, place, 60, true)).toBe(false);
    await store.releasePulls();
    expect(await other.leasePull(connection, -1)).toEqual({ mine: true });
    expect(await store.leasePull(connection, 60)).toEqual({ mine: true });
    expect(await other.keepPull(connection, place, 60, true)).toBe(false);
  });

  it('read what webhooks have missed once, from the first time on, and again where they have missed more meanwhile', async () => {
    const connection = fresh('account-');
    const open = async () => (await other.gaps()).find((each) => each.connection === connection)?.gap;
    const cursor = async () => (await store.leasePull(connection, 60)).cursor;
    expect(await open()).toBeUndefined();
    await store.leaveGap(connection, '2026-11-25T10:00:00.000Z');
    await store.leaveGap(connection, '2026-11-25T11:00:00.000Z');
    expect(await open()).toBe(2);
    expect(await cursor()).toEqual({ since: '2026-11-25T10:00:00.000Z', seen: {} });
    const end = { since: '2026-11-25T12:00:00.000Z', seen: { R1: '2026-11-25T12:00:00.000Z' } };
    await store.keepPull(connection, end, 60, true);
    await other.leaveGap(connection, '2026-11-25T11:30:00.000Z');
    await store.closeGap(connection, 2);
    expect(await open()).toBe(3);
    await store.closeGap(connection, 3);
    expect(await open()).toBeUndefined();
    // What was read is not read again.
    await other.leaveGap(connection, '2026-11-25T11:30:00.000Z');
    expect([await open(), await cursor()]).toEqual([1, end]);
    await store.closeGap(connection, 1);
    await other.leaveGap(connection, '2026-11-25T13:00:00.000Z');
    expect(await cursor()).toEqual({ since: '2026-11-25T13:00:00.000Z', seen: {} });
    await store.releasePulls();
  });

  it('know when something came by a source last', async () => {
    const source = `/pagerduty/${fresh('account-')}`;
    expect(await store.lastReceivedAt(source)).toBeUndefined();
    await store.receive(delivery({ source }));
    const at = Date.parse((await store.lastReceivedAt(source)) ?? '');
    expect(Math.abs(Date.now() - at)).toBeLessThan(60_000);
  });

  it('begin where the last one kept its place, and tell how long ago all was read', async () => {
    const connection = fresh('account-');
    await store.leasePull(connection, 60);
    expect(await store.keepPull(connection, place, 60, false)).toBe(true);
    expect(await store.leasePull(connection, 60)).toEqual({ mine: true, cursor: place });
    await store.keepPull(connection, place, 60, true);
    const taken = { mine: true, cursor: place, ageSeconds: expect.closeTo(0, -1) };
    expect(await store.leasePull(connection, 60)).toEqual(taken);
    expect(await other.leasePull(connection, 60)).toEqual({ ...taken, mine: false });
  });

  it('find what was told before by the other way: settled, readable, near in time, and of one twin', async () => {
    const subject = fresh('Q');
    const type = 'pagerduty.incident.acknowledged';
    const stored = async (source: string, time: string, changes: Parameters<typeof delivery>[0] = {}) => {
      const { seq } = await store.receive(delivery({ source, subject, type, time, ...changes }));
      return seq;
    };
    const webhook = await stored('/pagerduty/default', '2026-11-25T10:00:00.412Z');
    await stored('/pagerduty/eu', '2026-11-25T10:00:00.412Z');
    await stored('/pagerduty/default', '2026-11-25T10:07:00.000Z');
    await stored('/pagerduty/default', '2026-11-25T10:00:00.500Z', { type: 'pagerduty.incident.resolved' });
    const { event: _, ...bytes } = delivery({ unreadable: 'drift' });
    await store.receive({
      ...bytes,
      source: '/pagerduty/default',
      subject,
      type,
      time: '2026-11-25T10:00:00.413Z',
    });
    const stale = await stored('/pagerduty-log/default', '2026-11-25T10:00:00.000Z');
    const entry = await stored('/pagerduty-log/default', '2026-11-25T10:00:01.000Z');
    const told = async (source: string, seq: number) =>
      (
        await store.toldBefore({
          ...{ seq, subject, type, source },
          from: '2026-11-25T09:59:58.412Z',
          to: '2026-11-25T10:00:02.412Z',
        })
      ).map(({ seq: first, twin }) => [first, twin]);
    expect(await told('/pagerduty/default', entry)).toEqual([]);
    await world.run(
      `update inbox set disposition = 'dispatched' where subject = '${subject}' and disposition is null`,
    );
    await world.run(`update inbox set disposition = 'stale' where seq in (${stale}, ${webhook})`);
    expect(await told('/pagerduty/default', entry)).toEqual([[webhook, null]]);
    expect(await told('/pagerduty-log/default', entry + 1)).toEqual([[entry, null]]);
    expect(await told('/pagerduty/default', webhook)).toEqual([]);
    expect(await store.takeTwin(entry, webhook)).toBe(true);
    expect(await store.takeTwin(entry, webhook)).toBe(true);
    expect(await store.takeTwin(entry + 1, webhook)).toBe(false);
    expect(await told('/pagerduty/default', entry)).toEqual([[webhook, entry]]);
  });
});
