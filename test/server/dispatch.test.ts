import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import type { Store } from '../../store/store.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { delivery, embeddedWorld, fresh, type World } from '../store/world.ts';
import { dispatcherOn } from './dispatcher.ts';

async function handle(_: string): Promise<void> {}
const onTriggered = defineTrigger({
  name: 'on-triggered',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: handle,
  input: ({ id }) => id,
});

let world: World;
let store: Store;
beforeEach(async () => {
  world = await embeddedWorld();
  store = world.newStore();
});
afterEach(() => world.close());

/** A dispatcher whose Temporal answers each start as `start` says. */
const dispatch = (start: (id: string) => Promise<void>, changes: Partial<Store> = {}) =>
  dispatcherOn({ ...store, ...changes }, [onTriggered], { start });

async function arrives(subject = fresh('Q')): Promise<{ seq: number; subject: string }> {
  const eventId = fresh('event-');
  const event = {
    id: eventId,
    source: '/pagerduty/default',
    type: 'pagerduty.incident.triggered',
    subject,
    time: '2026-11-25T10:00:00Z',
    data: { id: subject, title: 'Slow', status: 'triggered', urgency: 'high', assignees: [], teams: [] },
  };
  const { seq } = await store.receive(delivery({ eventId, subject, event, leave: true }));
  return { seq, subject };
}
const dispositionOf = async ({ seq }: { seq: number }) => (await store.findEvent(String(seq)))?.disposition;

describe('an event', () => {
  it('that cannot be dispatched is parked, also where the store is away for the moment in which it should be', async () => {
    let isAway = true;
    dispatch(
      async () => {
        throw new TypeError('a fault of ours');
      },
      {
        async settle(settlement) {
          if (isAway) {
            isAway = false;
            throw new StoreUnavailable('The store is not available: for a moment');
          }
          return store.settle(settlement);
        },
      },
    );
    const event = await arrives();
    await expect.poll(() => dispositionOf(event), { timeout: 15_000 }).toBe('parked');
  }, 20_000);

  it('that Temporal refuses again and again holds up no other incident', async () => {
    const refused = await Promise.all(Array.from({ length: 15 }, () => arrives()));
    dispatch(async (id) => {
      if (refused.some(({ subject }) => id.endsWith(subject)))
        throw Object.assign(new Error('RST_STREAM'), { code: 13 });
    });
    await expect
      .poll(() => store.findRun(`on-triggered/${refused[0]?.subject}`), { timeout: 5_000 })
      .toBeDefined();
    const other = await arrives();
    await expect.poll(() => dispositionOf(other), { timeout: 10_000 }).toBe('dispatched');
    for (const event of refused) expect(await dispositionOf(event)).toBeUndefined();
  }, 20_000);
});

describe('a dispatcher that is told to stop', () => {
  // Without an end to its lanes it spins, and nothing else in the process gets a turn: this test would then not fail but hang.
  it('hands back what waits behind an event that is under way', async () => {
    const began = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const dispatcher = dispatch(async () => {
      began.resolve();
      await goOn.promise;
    });
    const first = await arrives();
    const second = await arrives(first.subject);
    await began.promise;
    const stopped = dispatcher.stop();
    goOn.resolve();
    await stopped;
    expect([await dispositionOf(first), await dispositionOf(second)]).toEqual(['dispatched', undefined]);
  });
});
