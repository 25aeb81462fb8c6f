import { describe, expect, it } from 'vitest';
import { stormOf } from '../../domain/storm.ts';
import { backends } from './backends.ts';
import { delivery, fresh } from './world.ts';

describe.each(await backends())('storms on $name', ({ world }) => {
  const store = world.newStore();
  const other = world.newStore();

  const incident = ({ service, urgency = 'high', connection }: { service: string } & Partial<Others>) => {
    const eventId = fresh('event-');
    const type = 'pagerduty.incident.triggered';
    const event = { id: eventId, type, data: { service: { id: service }, urgency } };
    return delivery({ eventId, type, event: connection === undefined ? event : { ...event, connection } });
  };
  type Others = { urgency: string; connection: string };
  const shownBefore = async (service: string, seq: number, most = 100) =>
    (await store.newIncidents({ storm: `default ${service} high`, before: seq, most })).map(
      ({ subject }) => subject,
    );

  it('tells the new incidents that were stored before one, newest first, and which wait to be dispatched', async () => {
    const service = fresh('SERVICE');
    const given = [incident({ service }), incident({ service }), incident({ service })];
    const seqs: number[] = [];
    for (const each of given) seqs.push((await store.receive(each)).seq);
    const [first = 0, , third = 0] = seqs;
    await store.settle({ seq: first, disposition: 'ignored', reason: 'x', started: [], entries: [] });
    expect(await store.newIncidents({ storm: `default ${service} high`, before: third, most: 9 })).toEqual([
      { subject: given[1]?.subject, time: given[1]?.time, isPending: true },
      { subject: given[0]?.subject, time: given[0]?.time, isPending: false },
    ]);
    expect(await shownBefore(service, third, 1)).toEqual([given[1]?.subject]);
    expect(await shownBefore(service, first)).toEqual([]);
  });

  it('counts no duplicate, no other service, urgency or account, and no other event', async () => {
    const service = fresh('SERVICE');
    const own = incident({ service });
    const { event } = own;
    const others = [
      own,
      incident({ service: fresh('SERVICE') }),
      incident({ service, urgency: 'low' }),
      incident({ service, connection: 'eu' }),
      delivery({
        type: 'pagerduty.incident.acknowledged',
        event: { ...(event as object), type: 'pagerduty.incident.acknowledged' },
      }),
    ];
    await store.receive(own);
    for (const each of others) await store.receive(each);
    const { seq } = await store.receive(incident({ service }));
    expect(await shownBefore(service, seq)).toEqual([own.subject]);
  });

  it('shows two processes that store at once the same ones before each, as soon as it is stored', async () => {
    const service = fresh('SERVICE');
    const seen = await Promise.all(
      Array.from({ length: 60 }, async (_, place) => {
        const { seq } = await (place % 2 ? store : other).receive(incident({ service }));
        return { seq, shown: await shownBefore(service, seq) };
      }),
    );
    for (const each of seen) {
      const stored = seen.filter(({ seq }) => seq < each.seq).length;
      expect(each.shown).toHaveLength(stored);
      expect(await shownBefore(service, each.seq)).toEqual(each.shown);
    }
  });

  it('keeps which runs an incident has joined, over later states and also where a newer one is known', async () => {
    const subject = fresh('Q');
    const mirror = async (status: string, seenAt: string, gatheredBy?: string[]) => {
      const { seq } = await store.receive(delivery({ subject }));
      const state = { id: subject, status, seenAt, ...(gatheredBy ? { gatheredBy } : {}) };
      await store.decide({ seq, incident: state, runs: [], entries: [] });
      return store.situation(subject);
    };
    const later = '2026-03-01T10:05:00.000Z';
    expect(await mirror('acknowledged', later)).not.toHaveProperty('gatheredBy');
    const joined = await mirror('triggered', '2026-03-01T10:00:00.000Z', ['production-incident/Q1']);
    expect(joined).toMatchObject({
      incident: { status: 'acknowledged', seenAt: later },
      gatheredBy: ['production-incident/Q1'],
    });
    const resolved = await mirror('resolved', '2026-03-01T10:09:00.000Z');
    expect(resolved).toMatchObject({
      incident: { status: 'resolved' },
      gatheredBy: ['production-incident/Q1'],
    });
  });
});

describe('what the incidents of a storm have in common', () => {
  it('is account, service and urgency of a new incident, and nothing of any other envelope', () => {
    const type = 'pagerduty.incident.triggered';
    const data = { service: { id: 'PSHOP' }, urgency: 'high' };
    expect(stormOf({ type, data })).toBe('default PSHOP high');
    expect(stormOf({ type, data, connection: 'eu' })).toBe('eu PSHOP high');
    const odd = [undefined, null, 'x', { type }, { type, data: null }, { type, data: { service: null } }];
    const others = [
      { type: 'pagerduty.incident.resolved', data },
      { type, data: { ...data, service: { id: '' } } },
    ];
    for (const envelope of [...odd, ...others]) expect(stormOf(envelope)).toBeUndefined();
  });
});
