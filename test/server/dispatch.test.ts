import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { LaterEvent } from '../../domain/incident.ts';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import type { Store } from '../../store/store.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { handle, onTriggered } from '../fixtures/on-triggered.ts';
import { delivery, embeddedWorld, fresh, type World } from '../store/world.ts';
import { dispatcherOn, notFound } from './dispatcher.ts';

/** The runs that Temporal was told to put before others. */
const raised: string[] = [];

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

async function arrives(
  subject = fresh('Q'),
  { type = 'triggered', priority, leave = true }: { type?: string; priority?: string; leave?: boolean } = {},
) {
  const eventId = fresh('event-');
  const event = {
    id: eventId,
    source: '/pagerduty/default',
    type: `pagerduty.incident.${type}`,
    subject,
    time: new Date().toISOString(),
    data: {
      id: subject,
      title: 'Slow',
      status: 'triggered',
      urgency: 'high',
      service: { id: 'PSEARCH', name: 'Search' },
      assignees: [],
      teams: [],
      ...(priority === undefined ? {} : { priority: { id: priority, name: priority } }),
    },
  };
  const urgent = priority === 'P1' ? { urgent: true as const } : {};
  const given = delivery({ eventId, subject, event, ...urgent, ...(leave ? { leave: true as const } : {}) });
  const { seq, leased } = await store.receive(given);
  return { seq, leased, subject, stored: { seq, receivedAt: event.time, event, attempts: 0 } };
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

describe('a reopened incident', () => {
  const whenOpened = defineTrigger({
    name: 'when-opened',
    on: ['pagerduty.incident.triggered', 'pagerduty.incident.reopened'],
    when: 'always',
    run: handle,
    input: ({ id }) => id,
  });

  /** An incident that is reopened while its run ends, and what Temporal knows of that run. */
  async function reopened(hasEnded: boolean): Promise<{ started: string[]; reason: string | undefined }> {
    const started: string[] = [];
    const dispatcher = dispatcherOn(store, [whenOpened], {
      start: async (id) => void started.push(id),
      signal: (id) => Promise.reject(notFound(id)),
      hasEnded: () => hasEnded,
    });
    const first = await arrives(fresh('Q'), { leave: false });
    dispatcher.enqueue(first.stored);
    await expect.poll(() => dispositionOf(first)).toBe('dispatched');
    const second = await arrives(first.subject, { type: 'reopened', leave: false });
    dispatcher.enqueue(second.stored);
    await expect.poll(() => dispositionOf(second)).toBeDefined();
    const found = await store.findEvent(String(second.seq));
    return {
      started: started.map((id) => id.replace(first.subject, 'Q')),
      reason: found?.reason?.replace(first.subject, 'Q'),
    };
  }

  it('begins anew where the run that it would join has ended meanwhile', async () => {
    expect(await reopened(true)).toEqual({
      started: ['when-opened/Q', 'when-opened/Q/2'],
      reason: 'started when-opened/Q/2',
    });
  });

  it('joins a run that Temporal has lost, which is started again', async () => {
    expect((await reopened(false)).started).toEqual(['when-opened/Q']);
  });
});

describe('an urgent incident', () => {
  /** Temporal, which answers no start of others until it is told to. */
  function slowTemporal() {
    const goOn = Promise.withResolvers<void>();
    const started: [string, number | undefined][] = [];
    const start = async (id: string, priorityKey?: number) => {
      started.push([id, priorityKey]);
      if (priorityKey === undefined) await goOn.promise;
    };
    return { start, started, goOn: () => goOn.resolve() };
  }

  it('starts at once where others hold all places, and urgently', async () => {
    const { start, started, goOn } = slowTemporal();
    const dispatcher = dispatcherOn(store, [onTriggered], { start });
    onTestFinished(goOn);
    for (let index = 0; index < 30; index += 1)
      dispatcher.enqueue((await arrives(fresh('Q'), { leave: false })).stored);
    await expect.poll(() => started.length).toBeGreaterThan(8);
    const urgent = await arrives(fresh('Q'), { priority: 'P1', leave: false });
    dispatcher.enqueue(urgent.stored);
    await expect.poll(() => dispositionOf(urgent)).toBe('dispatched');
    expect(started).toContainEqual([`on-triggered/${urgent.subject}`, 1]);
    expect(started.length).toBeLessThan(20);
  });

  it('comes out of a backlog before others, with what came before it', async () => {
    const { start, started, goOn } = slowTemporal();
    for (let index = 0; index < 400; index += 1) await arrives();
    const first = await arrives();
    const raised = await arrives(first.subject, { type: 'priority_updated', priority: 'P1' });
    dispatcherOn(store, [onTriggered], { start, raise: async () => {} });
    onTestFinished(goOn);
    // The first event tells of no priority, and the run that it starts is not urgent yet.
    await expect
      .poll(() => started.map(([id]) => id), { timeout: 5_000 })
      .toContain(`on-triggered/${first.subject}`);
    expect(await dispositionOf(raised)).toBeUndefined();
    expect(started.length).toBeLessThan(20);
  });

  it.each([
    [
      'raises the live runs of an incident that becomes urgent, once',
      async (id: string) => void raised.push(id),
    ],
    ['is dispatched by a Temporal too that does not know how to raise a run', undefined],
  ])('%s', async (_, raise) => {
    raised.length = 0;
    const told: LaterEvent[] = [];
    dispatcherOn(store, [onTriggered], {
      start: async () => {},
      signal: async (_id, events) => void told.push(...events),
      ...(raise ? { raise } : {}),
    });
    const { subject } = await arrives();
    const lowered = await arrives(subject, { type: 'priority_updated', priority: 'P3' });
    await expect.poll(() => dispositionOf(lowered), { timeout: 5_000 }).toBe('dispatched');
    const one = await arrives(subject, { type: 'priority_updated', priority: 'P1' });
    const two = await arrives(subject, { type: 'acknowledged', priority: 'P1' });
    await expect.poll(() => dispositionOf(two), { timeout: 5_000 }).toBe('dispatched');
    expect(await dispositionOf(one)).toBe('dispatched');
    expect(told.map(({ urgent }) => urgent)).toEqual([undefined, true, true]);
    expect(raised).toEqual(raise ? [`on-triggered/${subject}`] : []);
  });
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
