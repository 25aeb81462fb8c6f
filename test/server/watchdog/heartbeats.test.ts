import { describe, expect, it } from 'vitest';
import { heartbeatMissed } from '../../../server/watchdog/heartbeats.ts';
import { usualLimits as limits } from '../../../server/watchdog/limits.ts';
import { heartbeatList } from '../../../triggers/heartbeat.ts';
import { backends } from '../../store/backends.ts';
import { startReceiver } from '../receiver.ts';
import { fakeClock, fakePager, watchdogOn } from './watching.ts';

const heartbeats = heartbeatList([{ source: 'backup', every: '1 hour' }]);
const key = 'baton/heartbeat/Silent/backup';

describe.each(await backends())('a heartbeat that is expected, on $name', ({ world }) => {
  it('pages once where it does not come, also where another server goes on, and is back with the next one', async () => {
    const [store, other] = [world.newStore(), world.newStore()];
    const clock = fakeClock();
    const pager = fakePager();
    const watching = (by: typeof store) =>
      watchdogOn(by, [heartbeatMissed({ store: by, heartbeats, limits, now: clock.now })], pager, clock)
        .watchdog;
    const told = async (type: string) =>
      (await store.listEvents({ subject: key, limit: 9 })).filter((each) => each.type === type);
    const first = watching(store);
    await expect.poll(() => world.run('select from heartbeats').then(() => store.listWatched())).toEqual([]);
    await store.keepHeartbeats(heartbeats);
    await world.run(`update heartbeats set since = since - interval '61 minutes'`);
    // It may only be that nobody was there to hear it.
    clock.pass(59);
    await expect.poll(() => store.listWatched()).toEqual([]);
    clock.pass(2);
    await expect.poll(() => [...pager.open]).toEqual([key]);
    expect(pager.alerts).toMatchObject([
      {
        class: 'Silent',
        group: 'backup',
        summary: expect.stringMatching(
          /^Nothing has come from backup, which is expected every 3600 s\. Nothing was ever heard/,
        ),
      },
    ]);
    expect(await told('heartbeat.missed')).toHaveLength(1);
    await first.stop();

    const second = watching(other);
    clock.pass(61);
    await other.heardOf('backup');
    await expect
      .poll(async () => (await store.listWatched()).every(({ overSince }) => overSince !== undefined))
      .toBe(true);
    clock.pass(21);
    await expect.poll(() => [...pager.open]).toEqual([]);
    await expect.poll(() => store.listWatched()).toEqual([]);
    expect(pager.taken).toEqual([`+${key}`, `-${key}`]);
    expect(await told('heartbeat.missed')).toHaveLength(1);
    expect(await told('heartbeat.back')).toHaveLength(1);
    await second.stop();
  });
});

describe('what counts as a heartbeat', () => {
  it('is each delivery that is shown to be from the source, also the same words again', async () => {
    const heard: string[] = [];
    const values = { HTTP_WEBHOOK_TOKENS: 'a-token' };
    const receiver = await startReceiver({
      connections: { settingsOf: async () => ({ values, version: '1' }) },
      heardOf: async (source) => void heard.push(source),
    });
    const beat = (token: string) =>
      receiver.post('/webhooks/http/backup', '{}', {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
      });
    expect([(await beat('a-token')).status, (await beat('a-token')).status]).toEqual([202, 202]);
    expect((await beat('another')).status).toBe(403);
    expect(heard).toEqual(['backup', 'backup']);
    expect(receiver.stored).toHaveLength(1);
  });
});

describe('the list of heartbeats', () => {
  it.each<[string, { source: string; every: string }[], string]>([
    ['a source with another name', [{ source: 'My Backup', every: '1 day' }], 'names no source'],
    [
      'one twice',
      [
        { source: 'a', every: '1 day' },
        { source: 'a', every: '2 days' },
      ],
      'is there twice',
    ],
    ['no time', [{ source: 'a', every: 'soon' }], 'has no fitting time, soon'],
    ['less than can be told', [{ source: 'a', every: '5 seconds' }], 'has no fitting time, 5 seconds'],
  ])('is refused with %s', (_, list, words) => {
    expect(() => heartbeatList(list as never)).toThrow(words);
  });
});
