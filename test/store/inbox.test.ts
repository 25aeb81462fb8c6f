import fc from 'fast-check';
import { sql } from 'kysely';
import { describe, expect, it, vi } from 'vitest';
import { backends } from './backends.ts';
import { delivery, fresh } from './world.ts';

describe.each(await backends())('the inbox on $name', ({ world }) => {
  const store = world.newStore();

  /** The process that holds it has not said for too long that it lives. */
  const expireLease = (seq: number) =>
    world.run(`update processes set until = now() - interval '1 second'
      where name = (select leased_by from inbox where seq = ${seq})`);
  /** Settles what other tests left, so that what is claimed is the test's own. */
  const emptyInbox = () => world.run(`update inbox set disposition = 'ignored' where disposition is null`);

  it('gives out urgent events first, with all that waits before them in their lanes', async () => {
    await emptyInbox();
    const left = async (subject: string, changes = {}) =>
      (await store.receive(delivery({ subject, leave: true, ...changes }))).seq;
    const others: number[] = [];
    for (let index = 0; index < 30; index += 1) others.push(await left(fresh('Q')));
    const [raised, born] = [fresh('Q'), fresh('Q')];
    const before = await left(raised);
    others.push(await left(fresh('Q')));
    const since = await left(raised, { urgent: true });
    const urgent = await left(born, { urgent: true });
    const claim = async (limit: number) => (await store.claim(limit)).map(({ seq }) => seq);
    expect(await claim(0)).toEqual([before, since, urgent]);
    expect(await claim(0)).toEqual([]);
    const third = await left(fresh('Q'), { urgent: true });
    expect(await claim(5)).toEqual([...others.slice(0, 4), third]);
    expect(await claim(100)).toEqual(others.slice(4));
    await emptyInbox();
  });

  it('gives back exactly the bytes, the envelope and the times of a delivery', async () => {
    const given = delivery({ body: Buffer.from([0, 255, 10, 92, 128]) });
    const { seq } = await store.receive(given);
    const found = await store.findEvent(given.eventId);
    expect(found).toMatchObject({
      seq,
      type: given.type,
      subject: given.subject,
      time: given.time,
      event: given.event,
    });
    expect(Buffer.from(found?.body ?? [])).toEqual(given.body);
    expect(found?.disposition).toBeUndefined();
    expect(await store.findEvent(String(seq))).toEqual(found);
  });

  it('keeps each of five redeliveries as a duplicate that names the first', async () => {
    const given = delivery();
    const first = await store.receive(given);
    expect(first).toMatchObject({ duplicate: false, leased: true });
    for (let time = 0; time < 5; time += 1) {
      const again = await store.receive(given);
      expect(again).toMatchObject({ duplicate: true, leased: false });
      const row = await store.findEvent(String(again.seq));
      expect(row).toMatchObject({
        disposition: 'duplicate',
        reason: `the same event as number ${first.seq}`,
      });
    }
    expect(await store.findEvent(given.eventId)).toMatchObject({ seq: first.seq });
  });

  it('takes one of 100 parallel copies over two processes', async () => {
    const other = world.newStore();
    const given = delivery();
    const copies = Array.from({ length: 100 }, (_, index) => (index % 2 ? store : other).receive(given));
    const receipts = await Promise.all(copies);
    expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(receipts.filter(({ leased }) => leased)).toHaveLength(1);
    expect(new Set(receipts.map(({ seq }) => seq)).size).toBe(100);
  });

  it('takes another event under a known delivery id: that is a header which nobody signs', async () => {
    const deliveryId = fresh('delivery-');
    const original = await store.receive(delivery({ deliveryId }));
    const other = await store.receive(delivery({ deliveryId }));
    expect([original, other]).toMatchObject([
      { duplicate: false, leased: true },
      { duplicate: false, leased: true },
    ]);
  });

  it('judges deliveries of one batch as if they had come one after the other', async () => {
    const known = delivery({ deliveryId: fresh('delivery-') });
    await store.receive(known);
    const event = fresh('event-');
    const receipts = await Promise.all([
      store.receive(delivery({ eventId: event, deliveryId: known.deliveryId ?? '' })),
      store.receive(delivery({ eventId: event, deliveryId: known.deliveryId ?? '' })),
      store.receive(delivery({ eventId: event, deliveryId: fresh('delivery-') })),
      store.receive(delivery({ eventId: fresh('event-'), deliveryId: known.deliveryId ?? '' })),
    ]);
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([false, true, true, false]);
  });

  it('numbers the events of one batch in the order in which they came', async () => {
    const receipts = await Promise.all(Array.from({ length: 50 }, () => store.receive(delivery())));
    const seqs = receipts.map(({ seq }) => seq);
    expect(seqs).toEqual([...seqs].sort((one, other) => one - other));
  });

  it('parks what could not be read, with the reason', async () => {
    const receipt = await store.receive(delivery({ event: undefined, unreadable: 'no event.id' }));
    expect(receipt).toMatchObject({ duplicate: false, leased: false });
    const row = await store.findEvent(String(receipt.seq));
    expect(row).toMatchObject({ disposition: 'parked', reason: 'unreadable: no event.id' });
    expect(row?.event).toBeUndefined();
  });

  it('stores hostile texts, numbers and depths, and the bytes unchanged', async () => {
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
    const hostile = [
      '\0',
      '\ud800',
      '\udc00x',
      '\u202e',
      '\x1b[31m',
      '\r\n',
      "'; drop table inbox; --",
      '\\u0000',
    ];
    const event = {
      numbers: JSON.parse('[1e400, -1e400, 1e308, 123456789012345678901234567890]'),
      texts: hostile,
      deep,
      ...JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}, "a\\u0000b": 1}'),
    };
    const body = Buffer.from(JSON.stringify(hostile));
    const subject = `${fresh('P')}\0\ud800`;
    const given = delivery({ eventId: `${fresh('e')}\0`, type: '\0', subject, time: '\0', event, body });
    const { seq } = await store.receive(given);
    const row = await store.findEvent(String(seq));
    expect(Buffer.from(row?.body ?? [])).toEqual(body);
    expect(row?.event).toMatchObject({
      numbers: ['Infinity', '-Infinity', 1e308, 1.2345678901234568e29],
    });
    expect(Object.hasOwn({}, 'polluted')).toBe(false);
    expect(await store.listEvents({ subject, limit: 9 })).toHaveLength(1);
    expect(await store.receive(given)).toMatchObject({ duplicate: true });
  });

  it('takes any JSON value, id and subject', async () => {
    const texts = fc.string({ unit: 'binary', maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), texts, texts, async (event, id, subject) => {
        const eventId = `${fresh('any-')}${id}`;
        await store.receive(delivery({ eventId, subject, event }));
        expect(await store.findEvent(eventId)).toBeDefined();
      }),
      { numRuns: 50 },
    );
  });

  it('finds an event whose id is too long for an index', async () => {
    const eventId = Array.from({ length: 5000 }, (_, index) =>
      String.fromCharCode(33 + ((index * 7919) % 90)),
    ).join('');
    await store.receive(delivery({ eventId, subject: eventId, deliveryId: eventId }));
    expect(await store.receive(delivery({ eventId }))).toMatchObject({ duplicate: true });
    expect(await store.findEvent(eventId)).toBeDefined();
  });

  it('writes one line about each delivery, with the hash of its bytes', async () => {
    const given = delivery({ deliveryId: fresh('delivery-') });
    const { seq } = await store.receive(given);
    await store.receive(given);
    const lines = await store.readRecord({ subject: given.subject ?? '', limit: 9 });
    expect(lines.map(({ action }) => action)).toEqual(['event.received', 'event.received']);
    expect(lines[0]?.detail).toMatchObject({
      eventId: given.eventId,
      deliveryId: given.deliveryId,
      bytes: given.body.length,
    });
    expect(lines[0]?.detail.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(lines[1]?.detail).toMatchObject({ duplicateOf: seq });
  });

  it('lists the newest first, by subject and disposition', async () => {
    const subject = fresh('P');
    const first = await store.receive(delivery({ subject }));
    const second = await store.receive(delivery({ subject, event: undefined, unreadable: 'bad' }));
    const all = await store.listEvents({ subject, limit: 9 });
    expect(all.map(({ seq }) => seq)).toEqual([second.seq, first.seq]);
    const parked = await store.listEvents({ subject, disposition: 'parked', limit: 9 });
    expect(parked.map(({ seq }) => seq)).toEqual([second.seq]);
  });

  describe('leases', () => {
    it('keeps an event that another process holds from being claimed, until the lease runs out', async () => {
      await emptyInbox();
      const other = world.newStore();
      const given = delivery();
      const { seq } = await store.receive(given);
      expect(await other.claim(10)).toEqual([]);
      await expireLease(seq);
      const claimed = await other.claim(10);
      expect(claimed).toMatchObject([{ seq, attempts: 1, event: given.event }]);
      expect(
        await store.settle({ seq, disposition: 'ignored', reason: 'late', started: [], entries: [] }),
      ).toBe(false);
      expect(await other.settle({ seq, disposition: 'ignored', reason: 'x', started: [], entries: [] })).toBe(
        true,
      );
      expect(await store.findEvent(String(seq))).toMatchObject({ disposition: 'ignored', reason: 'x' });
    });

    it('lets no process that is gone hold an event for hours because the clock was set back', async () => {
      const [one, other] = [world.newStore(), world.newStore()];
      const { seq } = await one.receive(delivery());
      const ahead = () =>
        world.run(`update processes set until = now() + interval '1 hour'
          where name = (select leased_by from inbox where seq = ${seq})`);
      await ahead();
      // It lives, and says so by the new time.
      await one.renew();
      expect((await other.claim(100)).map((event) => event.seq)).not.toContain(seq);
      await ahead();
      expect((await other.claim(100)).map((event) => event.seq)).toContain(seq);
      await other.release();
    });

    it('keeps a lane in order: a later event waits for an earlier one that another process holds', async () => {
      await emptyInbox();
      const other = world.newStore();
      const subject = fresh('P');
      const first = await store.receive(delivery({ subject }));
      const second = await other.receive(delivery({ subject }));
      expect(second).toMatchObject({ leased: false, duplicate: false });
      expect(await other.claim(10)).toEqual([]);
      await store.settle({
        seq: first.seq,
        disposition: 'dispatched',
        reason: 'x',
        started: [],
        entries: [],
      });
      expect((await other.claim(10)).map(({ seq }) => seq)).toEqual([second.seq]);
    });

    it('gives a process all events of a lane that it receives itself', async () => {
      const subject = fresh('P');
      const receipts = await Promise.all([1, 2, 3].map(() => store.receive(delivery({ subject }))));
      expect(receipts.map(({ leased }) => leased)).toEqual([true, true, true]);
    });

    it('gives events out in the order in which they came, and each to one process', async () => {
      await emptyInbox();
      const given = await Promise.all(Array.from({ length: 30 }, () => store.receive(delivery())));
      await store.release();
      const other = world.newStore();
      const [mine, theirs] = await Promise.all([store.claim(20), other.claim(20)]);
      const seqs = [...mine, ...theirs].map(({ seq }) => seq);
      expect(new Set(seqs)).toEqual(new Set(given.map(({ seq }) => seq)));
      expect(seqs).toHaveLength(30);
      expect(mine.map(({ seq }) => seq)).toEqual(mine.map(({ seq }) => seq).sort((one, two) => one - two));
    });

    it('gives a lane to one process, also when two are sent its events at the same moment', async () => {
      const other = world.newStore();
      for (let time = 0; time < 30; time += 1) {
        const subjects = [fresh('P'), fresh('P'), fresh('P')];
        const receipts = await Promise.all(
          subjects.flatMap((subject) => [
            store.receive(delivery({ subject })),
            other.receive(delivery({ subject })),
          ]),
        );
        subjects.forEach((_, place) => {
          const lane = receipts.slice(place * 2, place * 2 + 2);
          expect(lane.filter(({ leased }) => leased)).toHaveLength(1);
        });
        await emptyInbox();
      }
    });

    it('takes what was stored after its sender had been told that it was not, and its lane goes on', async () => {
      await emptyInbox();
      const subject = fresh('P');
      const me = world.newStore();
      const { seq: own } = await me.receive(delivery());
      const { seq: first } = await store.receive(delivery({ subject }));
      // As a write leaves it that was committed after its caller had been told 503.
      await world.run(`update inbox set received_at = now() - interval '9 seconds',
        leased_by = (select leased_by from inbox where seq = ${own}) where seq = ${first}`);
      const second = await me.receive(delivery({ subject }));
      expect(second.leased).toBe(false);
      await me.renew();
      expect((await me.claim(10)).map(({ seq }) => seq)).toEqual([first, second.seq]);
    });

    it('holds so many at most, also of what it receives, and hands back without a mark', async () => {
      await emptyInbox();
      const me = world.newStore();
      const receipts = await Promise.all(Array.from({ length: 1_200 }, () => me.receive(delivery())));
      expect(receipts.filter(({ leased }) => leased)).toHaveLength(1_000);
      await me.release();
      const [first] = await me.claim(1);
      expect(first).toMatchObject({ attempts: 0 });
      await emptyInbox();
    });

    it('prolongs with one row, however many it holds', async () => {
      await emptyInbox();
      const me = world.newStore();
      await Promise.all(Array.from({ length: 50 }, () => me.receive(delivery())));
      const versions = async () => {
        const { rows } = await sql<{ all: string }>`
          select string_agg(xmin::text, ',' order by seq) as all from inbox`.execute(world.db);
        return rows[0]?.all;
      };
      const before = await versions();
      await me.renew();
      expect(await versions()).toBe(before);
      await emptyInbox();
    });

    it('prolongs the leases of what this process knows to be its own', async () => {
      await emptyInbox();
      const other = world.newStore();
      const { seq } = await store.receive(delivery());
      await expireLease(seq);
      await store.renew();
      expect(await other.claim(10)).toEqual([]);
      expect(await store.claim(10)).toEqual([]);
    });

    it('does not prolong what was taken over', async () => {
      await emptyInbox();
      const other = world.newStore();
      const { seq } = await store.receive(delivery());
      await expireLease(seq);
      expect(await other.claim(10)).toHaveLength(1);
      await store.renew();
      await expireLease(seq);
      expect(await store.claim(10)).toMatchObject([{ seq }]);
    });

    it('says when an event is pending that this process does not hold', async () => {
      const onPending = vi.fn();
      const told = world.newStore({ onPending });
      const subject = fresh('P');
      await told.receive(delivery());
      expect(onPending).not.toHaveBeenCalled();
      await store.receive(delivery({ subject }));
      await told.receive(delivery({ subject }));
      expect(onPending).toHaveBeenCalledTimes(1);
    });

    it('tells how many events are pending, and how old the oldest is', async () => {
      await emptyInbox();
      expect(await store.backlog()).toEqual({ pending: 0, oldestSeconds: 0 });
      const { seq } = await store.receive(delivery());
      await store.receive(delivery());
      await world.run(`update inbox set received_at = now() - interval '90 seconds' where seq = ${seq}`);
      const backlog = await store.backlog();
      expect(backlog.pending).toBe(2);
      expect(Math.round(backlog.oldestSeconds / 10)).toBe(9);
    });

    it('makes a settled event pending again, and says who wanted it', async () => {
      await emptyInbox();
      const given = delivery();
      const { seq } = await store.receive(given);
      expect(await store.replay(seq, 'person:ada@example.com', 'cli')).toBe(false);
      await store.settle({
        seq,
        disposition: 'parked',
        reason: 'a trigger failed',
        started: [],
        entries: [],
      });
      expect(await store.replay(seq, 'person:ada@example.com', 'cli')).toBe(true);
      expect(await store.claim(10)).toMatchObject([{ seq, event: given.event }]);
      const lines = await store.readRecord({
        actor: 'person:ada@example.com',
        subject: given.subject ?? '',
        limit: 9,
      });
      expect(lines).toMatchObject([
        { action: 'event.replayed', via: 'cli', detail: { reason: 'a trigger failed' } },
      ]);
      expect(await store.replay(999_999_999, 'person:ada@example.com', 'cli')).toBe(false);
    });
  });
});
