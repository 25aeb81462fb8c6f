import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Gathered, LaterEvent } from '../../domain/incident.ts';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { gatheringsOf } from '../../server/dispatch/storm.ts';
import type { Store } from '../../store/store.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { delivery, embeddedWorld, fresh, type World } from '../store/world.ts';
import { eventually } from '../world.ts';
import { dispatcherOn } from './dispatcher.ts';

async function handle(_: string): Promise<void> {}
const most = 3;
const storming = defineTrigger({
  name: 'storming',
  on: 'pagerduty.incident.triggered',
  when: { 'urgency is high': ({ urgency }) => urgency === 'high' },
  run: handle,
  input: ({ id }) => id,
  whenResolved: 'continue',
  storm: most,
});

let world: World;
let store: Store;
beforeAll(async () => {
  world = await embeddedWorld();
  store = world.newStore();
});
afterAll(() => world.close());

const start = Date.parse('2026-11-25T10:00:00Z');
type Changes = { seconds?: number; service?: string; urgency?: string; step?: string; connection?: string };

/** A delivery that tells of an incident, so many seconds after the storm began. */
function eventOf(
  subject: string,
  { seconds = 0, service, urgency = 'high', step = 'triggered', connection }: Changes,
) {
  const eventId = `${step}-${subject}`;
  const type = `pagerduty.incident.${step}`;
  const time = new Date(start + seconds * 1_000).toISOString();
  const status = step === 'resolved' ? 'resolved' : step;
  const data = {
    id: subject,
    number: 1,
    title: 'Slow',
    status,
    urgency,
    service: { id: service, name: 'Shop' },
  };
  const event = {
    ...{ id: eventId, source: '/pagerduty/default', type, subject, time },
    ...(connection === undefined ? {} : { connection }),
    data: { ...data, assignees: [], teams: [] },
  };
  return delivery({ eventId, type, subject, time, event });
}

const settled = (subject: string) =>
  eventually(`${subject} to be settled`, async () => {
    const events = await store.listEvents({ subject, limit: 9 });
    return events.length > 0 && events.every(({ disposition }) => disposition) ? events : undefined;
  });

/** Runs that are told things, each event once, and never end. */
function recordingTemporal(startPause: () => Promise<unknown> = async () => {}) {
  const told = new Map<string, Map<string, Gathered>>();
  return {
    told,
    async start(id: string) {
      await startPause();
      told.set(id, told.get(id) ?? new Map());
    },
    async signal(id: string, events: LaterEvent[]) {
      for (const { eventId, type, data } of events)
        if (type === 'incident.gathered') told.get(id)?.set(eventId, data as Gathered);
    },
  };
}

describe('a storm that two servers dispatch', () => {
  it('comes to as many runs as its trigger says and one that gathers the rest, in any order and with any duplicates', async () => {
    const temporal = recordingTemporal(() => pause(5));
    const stores = [store, world.newStore()];
    const dispatchers = stores.map((each) => dispatcherOn(each, [storming], temporal));
    const arrivals = fc.record({
      incidents: fc.integer({ min: 1, max: 14 }),
      ways: fc.array(fc.record({ server: fc.nat(1), twice: fc.boolean(), wait: fc.nat(3) }), {
        minLength: 14,
        maxLength: 14,
      }),
    });
    await fc.assert(
      fc.asyncProperty(arrivals, async ({ incidents, ways }) => {
        const service = fresh('SERVICE');
        const subjects = Array.from({ length: incidents }, () => fresh('Q'));
        await Promise.all(
          subjects.map(async (subject, place) => {
            const { server = 0, twice = false, wait = 0 } = ways[place] ?? {};
            await pause(wait);
            const given = eventOf(subject, { service, seconds: (place * 7) % 60 });
            for (const at of twice ? [server, 1 - server] : [server]) {
              const { seq, leased } = (await stores[at]?.receive(given)) ?? { seq: 0, leased: false };
              if (leased)
                dispatchers[at]?.enqueue({ seq, event: given.event, receivedAt: given.time, attempts: 0 });
            }
          }),
        );
        await Promise.all(subjects.map(settled));
        const fates = await Promise.all(subjects.map((subject) => store.situation(subject)));
        for (const { runs, gatheredBy = [] } of fates) expect(runs.length + gatheredBy.length).toBe(1);
        const own = fates.flatMap(({ runs }) => runs);
        expect(own).toHaveLength(Math.min(incidents, most));
        const gatherers = new Set(fates.flatMap(({ gatheredBy = [] }) => gatheredBy));
        expect(gatherers.size).toBe(incidents > most ? 1 : 0);
        for (const id of gatherers) {
          const joined = [...(temporal.told.get(id)?.values() ?? [])].filter(({ isNew }) => isNew);
          expect(joined).toHaveLength(incidents - most);
        }
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  it('tells the run that gathers what becomes of the others, and starts nothing when an event is replayed', async () => {
    const temporal = recordingTemporal();
    const dispatcher = dispatcherOn(store, [storming], temporal);
    const service = fresh('SERVICE');
    const take = async (subject: string, changes: Changes) => {
      const given = eventOf(subject, { service, ...changes });
      const { seq } = await store.receive(given);
      dispatcher.enqueue({ seq, event: given.event, receivedAt: given.time, attempts: 0 });
      await settled(subject);
      return seq;
    };
    const subjects = Array.from({ length: most + 1 }, () => fresh('Q'));
    const seqs: number[] = [];
    for (const subject of subjects) seqs.push(await take(subject, {}));
    const last = subjects.at(-1) ?? '';
    const gatherer = `storming/${subjects[0]}`;
    const [joined] = await settled(last);
    expect(joined).toMatchObject({
      disposition: 'dispatched',
      reason: `joined ${gatherer}: more than 3 new incidents within a minute on Shop`,
    });
    await take(last, { step: 'acknowledged', seconds: 5 });
    await take(last, { step: 'resolved', seconds: 9 });
    const heard = () => [...(temporal.told.get(gatherer)?.values() ?? [])];
    expect(heard().map(({ status, isNew }) => [status, isNew])).toEqual([
      ['triggered', true],
      ['acknowledged', false],
      ['resolved', false],
    ]);
    expect(heard()[0]).toMatchObject({ incidentId: last, number: 1, title: 'Slow' });

    await store.replay(seqs.at(-1) ?? 0, 'person:ada@example.com', 'cli');
    dispatcher.wake();
    await eventually('the replay', async () => (await settled(last)).length === 3);
    expect((await store.situation(last)).runs).toEqual([]);
    expect(heard()).toHaveLength(3);
  }, 20_000);

  it('that crashes between telling that run and writing it down tells it once, and starts nothing', async () => {
    const temporal = recordingTemporal();
    let crashes = 2;
    const decide: Store['decide'] = async (decision) => {
      if (decision.incident?.gatheredBy && crashes > 0) {
        crashes -= 1;
        throw new StoreUnavailable('The store is not available: for a moment');
      }
      await store.decide(decision);
    };
    const dispatcher = dispatcherOn({ ...store, decide }, [storming], temporal);
    const service = fresh('SERVICE');
    const subjects = Array.from({ length: most + 1 }, () => fresh('Q'));
    for (const subject of subjects) {
      const given = eventOf(subject, { service });
      const { seq } = await store.receive(given);
      dispatcher.enqueue({ seq, event: given.event, receivedAt: given.time, attempts: 0 });
      await settled(subject);
    }
    expect(crashes).toBe(0);
    const gatherer = `storming/${subjects[0]}`;
    expect(await store.situation(subjects.at(-1) ?? '')).toMatchObject({ runs: [], gatheredBy: [gatherer] });
    expect([...(temporal.told.get(gatherer)?.values() ?? [])]).toHaveLength(1);
  }, 20_000);

  it('is dispatched as fast as it can be where each run ends at once, without waiting for a time', async () => {
    const settle: Store['settle'] = async (settlement) => {
      const isOurs = await store.settle(settlement);
      for (const id of settlement.started)
        await world.run(`update runs set state = 'failed', ended_at = now() where id = '${id}'`);
      return isOurs;
    };
    const dispatcher = dispatcherOn({ ...store, settle }, [storming], recordingTemporal());
    const service = fresh('SERVICE');
    const subjects = Array.from({ length: 30 }, () => fresh('Q'));
    const given = await Promise.all(
      subjects.map(async (subject) => {
        const { event, time } = eventOf(subject, { service });
        const { seq } = await store.receive(eventOf(subject, { service }));
        return { seq, event, receivedAt: time, attempts: 0 };
      }),
    );
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    for (const event of given) dispatcher.enqueue(event);
    await Promise.all(subjects.map(settled));
    const fates = await Promise.all(subjects.map((subject) => store.situation(subject)));
    for (const { runs } of fates) expect(runs).toMatchObject([{ state: 'failed' }]);
  }, 30_000);

  it('gives a newcomer its own run where all runs that could gather it have ended', async () => {
    const temporal = recordingTemporal();
    const dispatcher = dispatcherOn(store, [storming], temporal);
    const service = fresh('SERVICE');
    const subjects = Array.from({ length: most + 1 }, () => fresh('Q'));
    for (const subject of subjects) {
      if (subject === subjects.at(-1))
        await world.run(`update runs set state = 'completed', ended_at = now()`);
      const given = eventOf(subject, { service });
      const { seq } = await store.receive(given);
      dispatcher.enqueue({ seq, event: given.event, receivedAt: given.time, attempts: 0 });
      await settled(subject);
    }
    const { runs, gatheredBy } = await store.situation(subjects.at(-1) ?? '');
    expect(runs).toMatchObject([{ state: 'running' }]);
    expect(gatheredBy).toBeUndefined();
  }, 20_000);
});

describe('what a new incident comes to', () => {
  /** An incident that was stored and has a run, or was answered with no. */
  async function stored(service: string, changes: Changes & { run?: 'starting' | 'running' } = {}) {
    const subject = fresh('Q');
    const given = eventOf(subject, { service, ...changes });
    const { seq } = await store.receive(given);
    const { run } = changes;
    const id = `storming/${subject}`;
    const row = { id, trigger: 'storming', workflow: 'handle', subject, target: '', eventSeq: seq };
    if (run) await store.decide({ seq, runs: [{ ...row, input: null, cause: null }], entries: [] });
    const started = run === 'running' ? [id] : [];
    if (run === 'running')
      await store.settle({ seq, disposition: 'dispatched', reason: 'x', started, entries: [] });
    return { subject, seq, id, event: given.event as never };
  }
  const asked = (each: { seq: number; event: never }, mayWait = true) =>
    gatheringsOf(each, [storming], store, mayWait);
  const storm = async (service: string, changes: Parameters<typeof stored>[1] = {}, count = most) => {
    const incidents = [];
    for (let n = 0; n < count; n += 1) incidents.push(await stored(service, { run: 'running', ...changes }));
    return incidents;
  };

  it('is the first live run of the storm, also where it comes late to the store', async () => {
    const service = fresh('SERVICE');
    const [first] = await storm(service, { seconds: 30 });
    expect(await asked(await stored(service, { seconds: 0 }))).toEqual({ storming: { run: first?.id } });
  });

  it('is its own run among fewer, later than a minute, and for another service, urgency or account', async () => {
    const service = fresh('SERVICE');
    await storm(service);
    expect(await asked(await stored(fresh('SERVICE')))).toEqual({});
    expect(await asked(await stored(service, { seconds: 61 }))).toEqual({});
    expect(await asked(await stored(service, { connection: 'eu' }))).toEqual({});
    expect(await asked(await stored(service, { urgency: 'low' }))).toEqual({});
  });

  it('is not known while it is not known what becomes of an earlier one, and is taken without it after a time', async () => {
    const service = fresh('SERVICE');
    const pending = await stored(service);
    const [other] = await storm(service, {}, most - 1);
    const newcomer = await stored(service);
    expect(await asked(newcomer)).toEqual({ storming: { waitsFor: pending.subject } });
    expect(await asked(newcomer, false)).toEqual({ storming: { run: other?.id } });
  });

  it('asks the store for nothing where no trigger counts storms, or none would start a run', async () => {
    const refusing = { newIncidents: () => Promise.reject(new Error('was asked')) };
    const { storm: _, ...calm } = storming;
    const high = await stored(fresh('SERVICE'));
    const low = await stored(fresh('SERVICE'), { urgency: 'low' });
    const resolved = await stored(fresh('SERVICE'), { step: 'resolved' });
    const all = { ...store, ...refusing };
    expect(await gatheringsOf(high, [calm], all)).toEqual({});
    expect(await gatheringsOf(low, [storming], all)).toEqual({});
    expect(await gatheringsOf(resolved, [storming], all)).toEqual({});
    await expect(gatheringsOf(high, [storming], all)).rejects.toThrow('was asked');
  });
});
