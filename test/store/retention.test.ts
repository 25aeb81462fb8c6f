import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { isSegmentSigned } from '../../store/record/heads.ts';
import { backends } from './backends.ts';
import { delivery, entry, fresh, intent } from './world.ts';

const secretKey = 'a key of the record, for this test';
const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 3_600_000).toISOString();

describe.each(await backends())('what is older than it has to be kept, on $name', ({ world }) => {
  const store = world.newStore();

  async function pruneAll(days = 30): Promise<Record<string, number>> {
    const sum = { events: 0, incidents: 0, effects: 0, runs: 0, transcripts: 0, texts: 0, lines: 0 };
    for (;;) {
      const { more, ...step } = await store.prune({ days, secretKey });
      for (const name of ['events', 'incidents', 'effects', 'runs', 'transcripts', 'texts', 'lines'] as const)
        sum[name] += step[name];
      if (!more && Object.values(step).every((count) => count === 0)) return sum;
    }
  }
  const age = (table: string, column: string, where: string) =>
    world.run(`update ${table} set ${column} = now() - interval '60 days' where ${where}`);
  async function run(id: string, subject: string, seq: number, state: string) {
    await world.run(`insert into runs (id, trigger, workflow, subject, target, event_seq, state, created_at, ended_at)
      values ('${id}', 't', 'w', '${subject}', 'x', ${seq}, '${state}', now() - interval '60 days',
        ${state === 'running' ? 'null' : `now() - interval '59 days'`})`);
  }

  async function asOwner(...statements: string[]): Promise<void> {
    const tables = ['record', 'record_queue', 'record_checkpoints'];
    for (const table of tables) await world.run(`alter table ${table} disable trigger user`);
    for (const statement of statements) await world.run(statement);
    for (const table of tables) await world.run(`alter table ${table} enable trigger user`);
  }
  const emptyRecord = () =>
    asOwner(
      'truncate record, record_queue, record_checkpoints',
      `update record_head set seq = 0, hash = repeat('0', 64)`,
    );

  it('loses bytes and envelope of settled events, and the same event is still a duplicate', async () => {
    const given = delivery();
    const { seq } = await store.receive(given);
    await store.settle({ seq, disposition: 'dispatched', reason: 'x', started: [], entries: [] });
    const young = await store.receive(delivery());
    await store.settle({ seq: young.seq, disposition: 'ignored', reason: 'x', started: [], entries: [] });
    await age('inbox', 'received_at', `seq = ${seq}`);
    await store.takeTwin(seq, 1_000_000 + seq);
    expect(await pruneAll()).toMatchObject({ events: 1 });
    expect(await pruneAll()).toMatchObject({ events: 0 });
    const twins = await sql`select from twins where seq = ${seq}`.execute(world.db);
    expect(twins.rows).toEqual([]);
    const row = await store.findEvent(String(seq));
    expect(row).toMatchObject({ eventId: given.eventId, disposition: 'dispatched', pruned: true });
    expect(row?.body).toHaveLength(0);
    expect(row?.event).toBeUndefined();
    expect((await store.findEvent(String(young.seq)))?.event).toBeDefined();
    expect(await store.receive(given)).toMatchObject({ duplicate: true, leased: false });
    expect(await store.replay(seq, 'person:ada@example.com', 'cli')).toBe(false);
  });

  it('loses what is told of resolved incidents, whose ids and states stay, and nothing of those that are open', async () => {
    const [resolved, young, open] = [fresh('eu/Q'), fresh('Q'), fresh('Q')];
    const told = (id: string, status: string, days: number) =>
      world.run(`insert into incidents (id, status, seen_at, service, data)
        values ('${id}', '${status}', now() - interval '${days} days', 'PCHECK', '{"title": "Ada cannot pay"}')`);
    await told(resolved, 'resolved', 60);
    await told(young, 'resolved', 20);
    await told(open, 'acknowledged', 60);
    expect(await pruneAll()).toMatchObject({ incidents: 1 });
    const row = await store.findIncident(resolved);
    expect(row).toMatchObject({ id: resolved, connection: 'eu', status: 'resolved', service: 'PCHECK' });
    expect(row?.incident).toBeUndefined();
    for (const id of [young, open])
      expect((await store.findIncident(id))?.incident).toMatchObject({ title: 'Ada cannot pay' });
  });

  it('leaves pending events, and those of live runs, until they have ended', async () => {
    const pending = await store.receive(delivery());
    const ofRun = await store.receive(delivery());
    const other = await store.receive(delivery());
    const id = fresh('t/P');
    await run(id, fresh('P'), ofRun.seq, 'running');
    for (const { seq } of [ofRun, other])
      await store.settle({ seq, disposition: 'dispatched', reason: 'x', started: [], entries: [] });
    await age('inbox', 'received_at', `seq >= ${pending.seq}`);
    expect(await pruneAll()).toMatchObject({ events: 1, runs: 0 });
    expect((await store.findEvent(String(pending.seq)))?.event).toBeDefined();
    expect((await store.findEvent(String(ofRun.seq)))?.event).toBeDefined();
    await store.settle({ seq: pending.seq, disposition: 'ignored', reason: 'x', started: [], entries: [] });
    await world.run(
      `update runs set state = 'completed', ended_at = now() - interval '40 days' where id = '${id}'`,
    );
    expect(await pruneAll()).toMatchObject({ events: 2, runs: 1 });
  });

  it('loses bytes and envelope also where a step was rolled back', async () => {
    await world.run(`insert into inbox (source, event_id, type, lane, time, received_at, body, disposition)
      select 'pagerduty', 'rolled-back-' || n, 'x', 'x', 'x', now() - interval '60 days', 'x', 'ignored'
      from generate_series(1, 700) as n`);
    await world.run(
      `create function fail() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`,
    );
    await world.run(
      'create trigger fail before update of pruned on inbox for each statement execute function fail()',
    );
    const retention = world.newStore();
    await expect(retention.prune({ days: 30 })).rejects.toThrow('no');
    await world.run('drop trigger fail on inbox');
    let events = 0;
    for (let step = 0; step < 4; step += 1) events += (await retention.prune({ days: 30 })).events;
    expect(events).toBe(700);
  });

  it('loses ended runs and their effects, never a live run or its effects', async () => {
    const subject = fresh('P');
    await run(`t/${subject}`, subject, 1_000_001, 'running');
    await run(`live/${subject}`, subject, 1_000_002, 'running');
    const [old, live, young, again] = ['old-', 'live-', 'young-', 'again-'].map((name) => fresh(name));
    await store.intend(intent({ key: old ?? '', runId: `t/${subject}`, targets: ['i-2'] }));
    await store.intend(intent({ key: live ?? '', runId: `live/${subject}` }));
    await store.intend(intent({ key: young ?? '', runId: 'nobody' }));
    await world.run(
      `update runs set state = 'completed', ended_at = now() - interval '40 days' where id = 't/${subject}'`,
    );
    await age('effects', 'created_at', `key in ('${old}', '${live}')`);
    // Tried first long ago and last just now: it still keeps others from its target.
    await store.intend(intent({ key: again ?? '', runId: 'nobody', targets: ['i-1'] }));
    await age('effects', 'created_at', `key = '${again}'`);
    await world.run(
      `update effects set acted_at = array[now() - interval '60 days'] where key in ('${old}', '${live}')`,
    );
    expect(await pruneAll()).toMatchObject({ effects: 1, runs: 1 });
    expect(await store.findRun(`t/${subject}`)).toBeUndefined();
    expect(await store.findRun(`live/${subject}`)).toBeDefined();
    const left = await world.db.selectFrom('effects').select('key').execute();
    expect(left.map(({ key }) => key)).toEqual(expect.arrayContaining([live, young, again]));
    expect(left.map(({ key }) => key)).not.toContain(old);
  });

  it('leaves the record behind signed checkpoints, and it verifies on from there', async () => {
    await emptyRecord();
    const subject = fresh('P');
    await store.append(
      Array.from({ length: 1_200 }, (_, n) => entry({ subject, at: daysAgo(60), detail: { n } })),
    );
    await store.append([entry({ subject, at: daysAgo(1) }), entry({ subject, at: daysAgo(60) })]);
    while ((await store.seal()) > 0);
    expect(await pruneAll()).toMatchObject({ lines: 1_200 });
    expect(await pruneAll()).toMatchObject({ lines: 0 });
    expect(await store.readRecord({ subject, limit: 9 })).toHaveLength(2);
    const checkpoints = await store.checkpoints();
    expect(checkpoints.map(({ firstSeq, lastSeq, lines }) => [firstSeq, lastSeq, lines])).toEqual([
      [1, 500, 500],
      [501, 1_000, 500],
      [1_001, 1_200, 200],
    ]);
    for (const { signature, ...segment } of checkpoints)
      expect(isSegmentSigned(secretKey, segment, signature ?? '')).toBe(true);
    await store.append([entry()]);
    await store.seal();
    const { hash: head } = await store.head();
    expect(await store.verifyRecord()).toEqual({ ok: true, rows: 3, head, pending: 0, pruned: 1_200 });
    await asOwner(`update record set actor = 'nobody' where seq = 1201`);
    expect(await store.verifyRecord()).toMatchObject({ ok: false, seq: 1_201 });
    await asOwner('delete from record_checkpoints where first_seq = 501');
    expect(await store.verifyRecord()).toMatchObject({
      ok: false,
      reason: expect.stringContaining('checkpoint'),
    });
  });

  it('is not pruned from a record that is not whole', async () => {
    await emptyRecord();
    await store.append(Array.from({ length: 5 }, () => entry()));
    await store.seal();
    await asOwner(`update record set actor = 'nobody' where seq = 3`);
    await expect(store.prune({ days: 30 })).rejects.toThrow('at line 3');
    expect(await store.verifyRecord()).toMatchObject({ ok: false, seq: 3 });
  });

  it('is at least a day old, whoever asks', async () => {
    await expect(world.run(`select prune_record(5, 'now', null)`)).resolves.toBeUndefined();
    const line = entry({ at: daysAgo(0.5) });
    await store.append([line]);
    await store.seal();
    const { seq } = await store.head();
    await expect(world.run(`select prune_record(${seq}, 'now', null)`)).rejects.toThrow('for a day');
  });

  it('costs a decision nothing, however many runs there were', async () => {
    const [one, many] = [fresh('P'), fresh('P')];
    const insert = (subject: string, count: number) =>
      world.run(`insert into runs (id, trigger, workflow, subject, target, event_seq, state, created_at, ended_at)
        select case when n = 1 then 'often/${subject}' else 'often/${subject}/' || n end, 'often', 'w', '${subject}', 'x',
          2000000 + n, 'completed', now() - interval '1 day' + n * interval '1 second', now()
        from generate_series(1, ${count}) as n`);
    await insert(one, 1);
    await insert(many, 20_000);
    const { runs } = await store.situation(many, 2_000_007);
    expect(runs.map(({ id }) => id)).toEqual([`often/${many}/7`, `often/${many}/20000`]);
    const time = async (subject: string) => {
      const times: number[] = [];
      for (let n = 0; n < 30; n += 1) {
        const start = performance.now();
        await store.situation(subject, 1);
        times.push(performance.now() - start);
      }
      return times.sort((first, second) => first - second)[10] ?? 0;
    };
    await time(one);
    // It read and sent 20 000 rows before, which took more than a hundred times as long.
    expect(await time(many)).toBeLessThan(5 * (await time(one)) + 5);
  });
});

describe('a signature', () => {
  it('is that of an HMAC that another program can compute', async () => {
    const { signHead, isHeadSigned } = await import('../../store/record/heads.ts');
    const { createHmac, hkdfSync } = await import('node:crypto');
    const head = {
      seq: 7,
      hash: createHash('sha256').update('x').digest('hex'),
      at: '2026-03-01T10:00:00.000Z',
    };
    const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'baton/record', 32));
    const expected = createHmac('sha256', key)
      .update(`["head",7,"${head.hash}","2026-03-01T10:00:00.000Z"]`)
      .digest('hex');
    expect(signHead(secretKey, head)).toBe(expected);
    expect(isHeadSigned(secretKey, head, expected)).toBe(true);
    expect(isHeadSigned('another key than that', head, expected)).toBe(false);
    expect(isHeadSigned(secretKey, { ...head, seq: 8 }, expected)).toBe(false);
    expect(isHeadSigned(secretKey, head, '')).toBe(false);
  });
});
