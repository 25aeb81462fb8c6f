import { describe, expect, it } from 'vitest';
import { backends } from './backends.ts';
import { entry, fresh } from './world.ts';

describe.each(await backends())('what runs on an incident have done, on $name', ({ world }) => {
  const store = world.newStore();
  const line = (subject: string, action: string, detail: object) =>
    ({
      ...entry({ subject }),
      action,
      detail: { activity: 'reboot', kind: 'destructive', ...detail },
    }) as never;

  it('is told with what was held, once each, and no more as held once it was made', async () => {
    const subject = fresh('Q');
    const held = { guard: 'cool-down' };
    const failure = { class: 'Held', message: 'it was changed before' };
    await store.append([
      line(subject, 'activity.refused', { run: 'r1', key: 'one', held, failure }),
      line(subject, 'activity.refused', {
        run: 'r2',
        key: 'two',
        held,
        failure: { ...failure, message: 'older' },
      }),
      line(subject, 'activity.completed', { run: 'r1', key: 'one', summary: 'Reboots i-1', result: {} }),
    ]);
    await store.seal();
    await store.append([
      line(subject, 'activity.refused', { run: 'r2', key: 'two', held, failure }),
      line(subject, 'activity.completed', { run: 'r3', key: 'three', kind: 'change', result: {} }),
      line(subject, 'activity.completed', {
        run: 'r3',
        key: 'four',
        summary: 'No',
        result: { changed: false },
      }),
      line(fresh('Q'), 'activity.completed', { run: 'r4', key: 'five', summary: 'Elsewhere', result: {} }),
    ]);
    expect(await store.deedsOn(subject)).toEqual([
      { key: 'one', run: 'r1', at: expect.any(String), did: 'Reboots i-1' },
      { key: 'two', run: 'r2', at: expect.any(String), held: 'it was changed before' },
    ]);
  });
});
