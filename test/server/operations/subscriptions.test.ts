import { afterAll, describe, expect, it } from 'vitest';
import type { Role } from '../../../domain/rights.ts';
import { perform } from '../../../server/operations/perform.ts';
import {
  failedDeliveries,
  listSubscriptions,
  replayDeliveries,
  resumeSubscription,
} from '../../../server/operations/subscriptions.ts';
import { defineSubscription } from '../../../triggers/subscription.ts';
import { worldOn } from '../../api/served.ts';
import { embeddedWorld } from '../../store/world.ts';

const world = await embeddedWorld();
afterAll(() => world.close());
const store = world.newStore();
const board = defineSubscription({ name: 'board', types: ['run.failed'], connection: 'board' });
const as = (role: Role) => ({
  ...worldOn(store, { policies: async () => ({ pages: [], journal: [], subscriptions: [board] }) }),
  principal: { kind: 'token' as const, name: 'ci', role },
  via: 'api' as const,
});
const failing = (name: string, id: string) =>
  world.run(`insert into deliveries (subscription, event_id, type, event, state, settled_at, attempts, reason)
    values ('${name}', '${id}', 'run.failed', '{"subject":"P1","time":"t"}', 'exhausted', now(), 8, 'answered 500')`);

describe('the subscriptions', () => {
  it('are listed as they stand: those not begun, and those that no file declares any more', async () => {
    const list = () => perform(listSubscriptions, {}, as('responder'));
    expect((await list()).items).toEqual([
      {
        name: 'board',
        state: 'not begun',
        types: ['run.failed'],
        connection: 'board',
        waiting: 0,
        exhausted: 0,
      },
    ]);
    await store.fanOut('board', () => undefined);
    await store.fanOut('former', () => undefined);
    await failing('board', 'evt-1');
    expect((await list()).items).toMatchObject([
      { name: 'board', state: 'active', exhausted: 1 },
      { name: 'former', state: 'not listed', types: [] },
    ]);
    await world.run(
      `update subscriptions set stopped_at = now(), stopped_because = 'x' where name = 'board'`,
    );
    expect((await list()).items[0]).toMatchObject({ state: 'stopped', reason: 'x' });
    await expect(perform(listSubscriptions, {}, as('viewer'))).rejects.toMatchObject({ status: 403 });
  });

  it('tell page by page what was not taken, and it is replayed by its number or since a time', async () => {
    await failing('board', 'evt-2');
    const page = await perform(failedDeliveries, { subscription: 'board', limit: 1 }, as('responder'));
    expect(page.items).toMatchObject([
      { event: 'evt-2', attempts: 8, reason: 'answered 500', subject: 'P1' },
    ]);
    const next = { subscription: 'board', limit: 1, cursor: page.next };
    expect((await perform(failedDeliveries, next, as('responder'))).items).toMatchObject([
      { event: 'evt-1' },
    ]);
    const replay = (input: object, role: Role = 'responder') =>
      perform(replayDeliveries, { name: 'board', ...input }, as(role));
    expect(await replay({ id: page.items[0]?.id })).toEqual({ replayed: 1 });
    expect(await replay({ since: new Date(Date.now() - 60_000).toISOString() })).toEqual({ replayed: 1 });
    await expect(replay({ id: page.items[0]?.id })).rejects.toMatchObject({ status: 404 });
    await expect(replay({})).rejects.toMatchObject({ status: 400 });
    await expect(replay({ name: 'other', id: 1 })).rejects.toMatchObject({ status: 404 });
    await expect(replay({ id: 1 }, 'viewer')).rejects.toMatchObject({ status: 403 });
    const lines = await store.readRecord({ subject: 'subscription:board', actor: 'token:ci', limit: 9 });
    expect(lines.filter(({ action }) => action === 'delivery.replayed')).toMatchObject([
      { detail: { deliveries: 1 } },
      { detail: { deliveries: 1 } },
    ]);
  });

  it('go on where they were stopped, by whoever may switch triggers', async () => {
    const resume = (role: Role) => perform(resumeSubscription, { name: 'board' }, as(role));
    await expect(resume('responder')).rejects.toMatchObject({ status: 403 });
    expect(await resume('operator')).toEqual({ name: 'board', resumed: true });
    await expect(resume('operator')).rejects.toMatchObject({ status: 409 });
  });
});
