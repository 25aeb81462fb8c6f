import { describe, expect, it } from 'vitest';
import { repeatMinutes } from '../../store/events/repeats.ts';
import { backends } from './backends.ts';
import { fresh } from './world.ts';

describe.each(await backends())('words that say nothing of their own, on $name', ({ world }) => {
  const [store, other] = [world.newStore(), world.newStore()];
  const pass = (source: string, minutes: number) =>
    world.run(
      `update repeats set first_at = first_at - interval '${minutes} minutes' where source = '${source}'`,
    );

  it('are a repeat within half an hour, counted from the first, whichever server hears them, and news after that', async () => {
    const source = fresh('/http/');
    const say = (by = store) => by.idByWords({ source, digest: 'sha256:a' });
    const [first, ...others] = await Promise.all([say(), say(other), say()]);
    expect(first).toMatch(/^sha256:a\/[0-9a-f]{8}$/);
    expect(new Set(others)).toEqual(new Set([first]));
    await pass(source, repeatMinutes - 1);
    expect(await say(other)).toBe(first);
    await pass(source, 1);
    const second = await say();
    expect(second).not.toBe(first);
    expect(await say(other)).toBe(second);
    expect(await store.idByWords({ source: fresh('/http/'), digest: 'sha256:a' })).not.toBe(second);
  });

  it('are news where something else was said of the same thing since: it fires, is well, and fires again', async () => {
    const source = fresh('/http/');
    const say = (digest: string, about?: string) => store.idByWords({ source, digest, about });
    const [fires, well, again] = [
      await say('sha256:fires', 'disk'),
      await say('sha256:well', 'disk'),
      await say('sha256:fires', 'disk'),
    ];
    expect(new Set([fires, well, again]).size).toBe(3);
    // Of another thing, or of nothing that is named, nothing follows.
    await say('sha256:fires', 'memory');
    expect(await say('sha256:fires', 'disk')).toBe(again);
    const one = await say('sha256:x');
    await say('sha256:y');
    expect(await say('sha256:x')).toBe(one);
  });

  it('have the id that their sender gives them, and a copy under another one is no news meanwhile', async () => {
    const source = fresh('/http/');
    const say = (calledBySender: string) => store.idByWords({ source, digest: 'sha256:a', calledBySender });
    expect(await say('delivery-1')).toBe('delivery-1');
    expect(await say('delivery-2')).toBe('delivery-1');
    await pass(source, repeatMinutes);
    expect(await say('delivery-1')).toBe('delivery-1');
    await pass(source, repeatMinutes);
    expect(await say('delivery-2')).toBe('delivery-2');
  });

  it('are forgotten once they can be no repeat', async () => {
    const source = fresh('/http/');
    await store.idByWords({ source, digest: 'sha256:a' });
    const count = async () => {
      await store.prune({ days: 365 });
      const rows = await world.db
        .selectFrom('repeats')
        .select('about')
        .where('source', '=', source)
        .execute();
      return rows.length;
    };
    expect(await count()).toBe(1);
    await pass(source, 2 * repeatMinutes);
    expect(await count()).toBe(0);
  });

  it('are forgotten however many there are', async () => {
    await world.run(
      `insert into repeats select '/http/many', n::text, 'sha256:a', n::text, now() - interval '3 hours' from generate_series(1, 1200) n`,
    );
    while ((await store.prune({ days: 365 })).more);
    const left = await world.db
      .selectFrom('repeats')
      .select('about')
      .where('source', '=', '/http/many')
      .execute();
    expect(left).toEqual([]);
  });
});
