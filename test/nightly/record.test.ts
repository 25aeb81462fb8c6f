import { describe, expect, it } from 'vitest';
import { now } from '../../bench/load.ts';
import { backends } from '../store/backends.ts';
import { entry } from '../store/world.ts';

const singly = 5_000;
const batches = 200;
const inBatch = 100;

describe.each(await backends())('the record on $name', ({ name, world }) => {
  it('takes 500 lines a second one by one, 3 000 in batches, and verifies a million within a minute', async () => {
    const store = world.newStore();
    const perSecond = async (lines: number, write: () => Promise<void>) => {
      const began = now();
      await write();
      while ((await store.seal()) > 0);
      return lines / ((now() - began) / 1000);
    };
    const alone = await perSecond(singly, async () => {
      for (let line = 0; line < singly; line += 1) await store.append([entry()]);
    });
    const many = () => Array.from({ length: inBatch }, () => entry());
    const together = await perSecond(batches * inBatch, async () => {
      for (let batch = 0; batch < batches; batch += 1) await store.append(many());
    });
    const began = now();
    const verified = await store.verifyRecord();
    const perMillion = ((now() - began) / 1000) * (1e6 / (singly + batches * inBatch));
    console.info(
      `L8 on ${name}: ${alone.toFixed(0)} lines/s one by one, ${together.toFixed(0)} in batches of ${inBatch}; ` +
        `a million verified in ${perMillion.toFixed(0)} s, as ${singly + batches * inBatch} were`,
    );
    expect(verified).toMatchObject({ ok: true });
    expect(alone).toBeGreaterThanOrEqual(500);
    expect(together).toBeGreaterThanOrEqual(3_000);
    expect(perMillion).toBeLessThanOrEqual(60);
  }, 600_000);
});
