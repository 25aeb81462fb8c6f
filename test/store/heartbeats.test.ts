import { describe, expect, it } from 'vitest';
import { backends } from './backends.ts';

describe.each(await backends())('what the store keeps of heartbeats on $name', ({ world }) => {
  const [store, other] = [world.newStore(), world.newStore()];
  const back = (column: 'since' | 'last_at', hours: number) =>
    world.run(`update heartbeats set ${column} = ${column} - interval '${hours} hours'`);

  it('is since when nothing was heard of a source, whichever process asks', async () => {
    const declared = [{ source: 'backup', everySeconds: 3_600 }];
    await store.keepHeartbeats(declared);
    await back('since', 2);
    const [never] = await other.keepHeartbeats(declared);
    expect(never).toMatchObject({ source: 'backup', everySeconds: 3_600 });
    expect(never?.lastAt).toBeUndefined();
    expect(Math.round((never?.silentSeconds ?? 0) / 3_600)).toBe(2);

    await store.heardOf('backup');
    await store.heardOf('backup');
    const [heard] = await other.keepHeartbeats(declared);
    expect(heard?.silentSeconds).toBeLessThan(60);
    expect(heard?.lastAt).toMatch(/Z$/);

    await back('last_at', 3);
    await back('since', 3);
    const [silent] = await store.keepHeartbeats(declared);
    expect(Math.round((silent?.silentSeconds ?? 0) / 3_600)).toBe(3);
  });

  it('begins anew where another time is declared, and ends where none is', async () => {
    const [late] = await store.keepHeartbeats([{ source: 'backup', everySeconds: 7_200 }]);
    expect(late?.silentSeconds).toBeLessThan(60);
    expect(await store.keepHeartbeats([])).toEqual([]);
    // Nobody expects it, so nothing is kept.
    await store.heardOf('backup');
    expect(await other.keepHeartbeats([])).toEqual([]);
  });
});
