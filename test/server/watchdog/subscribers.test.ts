import { describe, expect, it } from 'vitest';
import { usualLimits } from '../../../server/watchdog/limits.ts';
import { subscriberUntold } from '../../../server/watchdog/subscribers.ts';
import { backends } from '../../store/backends.ts';
import { entry } from '../../store/world.ts';
import { failed, tellingOn } from '../subscriber.ts';
import { fakeClock, fakePager, watchdogOn } from './watching.ts';

describe.each(await backends())('a subscriber that is told no more, on $name', ({ world }) => {
  const store = world.newStore();
  const { subscriber, happens } = tellingOn(world, store);
  const watch = (told: Parameters<typeof subscriberUntold>[0]['told']) => {
    const [pager, clock] = [fakePager(), fakeClock()];
    const { watchdog } = watchdogOn(store, [subscriberUntold({ store, told })], pager, clock);
    const over = async () => {
      await expect
        .poll(async () => (await store.listWatched()).every(({ overSince }) => overSince !== undefined))
        .toBe(true);
      clock.pass(usualLimits.calm + 1);
      await expect.poll(() => store.listWatched()).toEqual([]);
      expect(pager.open.size).toBe(0);
      await watchdog.stop();
    };
    return { pager, over };
  };

  it('as its receiver wants no more is paged for until it is resumed', async () => {
    let status = 410;
    const { tell, name, subscription } = await subscriber(() => ({ status }));
    await happens(failed());
    await tell();
    const { pager, over } = watch([subscription]);
    await expect.poll(() => [...pager.open]).toEqual([`baton/subscription/Stopped/${name}`]);
    expect(pager.alerts).toMatchObject([
      {
        class: 'Stopped',
        group: name,
        summary: expect.stringContaining(`baton subscriptions resume ${name}`),
      },
    ]);
    status = 200;
    await store.resumeSubscription(name, entry());
    await over();
  });

  it('of all is paged for until what was given up is replayed', async () => {
    let isRight = false;
    const { tell, name, subscription } = await subscriber(() => ({ status: 200 }), {
      body: () => {
        if (!isRight) throw new Error('data.service is undefined');
        return {};
      },
    });
    await happens(failed(), failed());
    await tell();
    const { pager, over } = watch([subscription]);
    await expect.poll(() => [...pager.open]).toEqual([`baton/subscription/GivenUp/${name}`]);
    expect(pager.alerts).toMatchObject([{ summary: expect.stringContaining('2 events were given up') }]);
    isRight = true;
    await store.replayDeliveries({ subscription: name, since: '2020-01-01T00:00:00Z' }, () => entry());
    await tell();
    await over();
  });

  it('is so for a day where it takes events again, and longer where it takes none', async () => {
    let isRight = false;
    const { tell, name } = await subscriber(() => ({ status: 200 }), {
      body: () => {
        if (!isRight) throw new Error('no');
        return {};
      },
    });
    await happens(failed());
    await tell();
    const count = async () =>
      (await store.untoldSubscribers([name])).map(({ exhausted }) => exhausted?.count);
    await world.run(
      `update deliveries set settled_at = settled_at - interval '25 hours' where subscription = '${name}'`,
    );
    expect(await count()).toEqual([1]);
    isRight = true;
    await happens(failed());
    await tell();
    expect(await count()).toEqual([]);
    expect(await store.untoldSubscribers(['another'])).toEqual([]);
  });
});
