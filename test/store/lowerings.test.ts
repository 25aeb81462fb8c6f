import { describe, expect, it } from 'vitest';
import type { LowerMode } from '../../domain/mode.ts';
import { runEnd } from '../../domain/run-end.ts';
import { backends } from './backends.ts';
import { entry, fresh } from './world.ts';

describe.each(await backends())('triggers that are lowered, on $name', ({ world }) => {
  const store = world.newStore();
  const by = 'person:ada@example.com';
  const lower = (trigger: string, mode: LowerMode, reason = 'it rebooted the wrong one') =>
    store.lowerTrigger({ trigger, mode, by, reason }, entry({ subject: trigger }));
  const of = async (trigger: string) =>
    (await store.lowerings()).filter((each) => each.trigger === trigger).map(({ mode }) => mode);
  const lines = async (trigger: string) => (await store.readRecord({ subject: trigger, limit: 10 })).length;

  async function begin(trigger: string): Promise<string> {
    const id = fresh(`${trigger}/`);
    await store.beginRun({ id, trigger, workflow: 'reboot', target: 'i', input: {}, cause: {} }, entry());
    return id;
  }
  async function end(id: string, verified: boolean): Promise<void> {
    const run = await store.findRun(id);
    if (!run) throw new Error(`There is no run ${id}`);
    const at = new Date().toISOString();
    const ending = {
      state: 'completed',
      outcome: 'handed to a person',
      at,
      via: 'worker',
      verified,
    } as const;
    await store.endRun(runEnd(run, ending));
  }
  /** Lets runs end so, and has the trigger fall where that is enough. */
  async function ends(trigger: string, ...helped: boolean[]): Promise<boolean> {
    for (const verified of helped) await end(await begin(trigger), verified);
    const lowering = { trigger, mode: 'approve', by: 'baton', reason: 'three in a row' } as const;
    return store.lowerAfterFailures(lowering, 3, entry({ subject: trigger }));
  }

  it('are so for all processes, each mode once, with a line each', async () => {
    const trigger = fresh('restart-');
    await lower(trigger, 'approve');
    await lower(trigger, 'observe');
    await lower(trigger, 'observe', 'again');
    const told = (await world.newStore().lowerings()).filter((each) => each.trigger === trigger);
    expect(told.map(({ mode, reason }) => [mode, reason])).toEqual(
      expect.arrayContaining([
        ['approve', 'it rebooted the wrong one'],
        ['observe', 'again'],
      ]),
    );
    expect([told.length, await lines(trigger)]).toEqual([2, 3]);
  });

  it('are switched on to what they were before', async () => {
    const trigger = fresh('restart-');
    await lower(trigger, 'observe');
    expect(await store.enableTrigger(trigger, entry({ subject: trigger }))).toBe(false);
    expect(await lines(trigger)).toBe(1);
    await lower(trigger, 'off');
    expect(await store.enableTrigger(trigger, entry({ subject: trigger }))).toBe(true);
    expect(await of(trigger)).toEqual(['observe']);
  });

  it('are so for the runs that had begun: the lowest since then counts', async () => {
    const trigger = fresh('restart-');
    const run = await begin(trigger);
    expect(await store.loweredSince(run)).toBeUndefined();
    await lower(trigger, 'approve');
    await lower(trigger, 'observe');
    expect(await store.loweredSince(run)).toMatchObject({ trigger, mode: 'observe', by });
    await world.run(`update lowered_triggers set at = at - interval '1 minute' where trigger = '${trigger}'`);
    expect(await store.loweredSince(await begin(trigger))).toBeUndefined();
    expect(await store.loweredSince(await begin(fresh('other-')))).toBeUndefined();
  });

  it('fall after three runs in a row that have not helped, once, and count anew from there', async () => {
    const trigger = fresh('restart-');
    expect(await ends(trigger, false, false)).toBe(false);
    expect(await ends(trigger, true, false, false)).toBe(false);
    const late = await begin(trigger);
    expect(await ends(trigger, false)).toBe(true);
    expect(await of(trigger)).toEqual(['approve']);
    // One that had begun before the fall is none of the next three.
    await end(late, false);
    expect(await ends(trigger, false, false)).toBe(false);
    expect(await lines(trigger)).toBe(1);
    expect(await ends(trigger, false)).toBe(true);
  });
});
