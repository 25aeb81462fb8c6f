import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { linkHash, noLine } from '../../store/record/chain.ts';
import { backends } from './backends.ts';
import { delivery, entry, fresh } from './world.ts';

const guarded = ['record', 'record_queue', 'record_checkpoints'];
const secret = 'k3y/with+odd"chars&more';

describe.each(await backends())('the record on $name', ({ world }) => {
  const store = world.newStore({ secrets: [secret] });

  const asSuperuser = async (...statements: string[]) => {
    for (const table of guarded) await world.run(`alter table ${table} disable trigger user`);
    for (const statement of statements) await world.run(statement);
    for (const table of guarded) await world.run(`alter table ${table} enable trigger user`);
  };
  const emptyRecord = () =>
    asSuperuser(
      'truncate record, record_queue, record_checkpoints, record_head',
      `insert into record_head values (0, repeat('0', 64))`,
    );
  const sealAll = async () => {
    while ((await store.seal()) > 0);
  };
  const written = async (count: number) => {
    await store.append(Array.from({ length: count }, (_, n) => entry({ detail: { n } })));
    await sealAll();
  };
  beforeEach(emptyRecord);

  it('is whole when it is empty', async () => {
    expect(await store.verifyRecord()).toEqual({ ok: true, rows: 0, head: '0'.repeat(64), pending: 0 });
  });

  it('links lines in the order in which they came', async () => {
    const subject = fresh('P');
    await store.append([1, 2, 3].map((n) => entry({ subject, detail: { n } })));
    await store.append([entry({ subject, detail: { n: 4 } })]);
    expect(await store.seal()).toBe(4);
    const lines = await store.readRecord({ subject, limit: 9 });
    expect(lines.map(({ seq, detail }) => [seq, detail.n])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
    ]);
    expect(lines[0]?.previous).toBe('0'.repeat(64));
    expect(lines[1]?.previous).toBe(lines[0]?.hash);
    expect(await store.verifyRecord()).toEqual({ ok: true, rows: 4, head: lines[3]?.hash, pending: 0 });
  });

  it('gives hashes that another program can compute', async () => {
    await store.append([entry({ subject: 'Pé', detail: { z: 1, a: 'ü\n' } })]);
    await store.seal();
    const [line] = await store.readRecord({ limit: 1 });
    const fields = [
      '1',
      line?.at,
      line?.actor,
      line?.via,
      line?.action,
      'Pé',
      '{"a":"ü\\n","z":1}',
      '0'.repeat(64),
    ];
    const sha256 = createHash('sha256');
    for (const field of fields) {
      const bytes = Buffer.from(field ?? '');
      sha256.update(`${bytes.length}:`).update(bytes);
    }
    expect(line?.hash).toBe(sha256.digest('hex'));
  });

  it('shows linked lines first, then those that wait, and pages by seq', async () => {
    const subject = fresh('P');
    await store.append([entry({ subject, detail: { n: 1 } }), entry({ subject, detail: { n: 2 } })]);
    await store.seal();
    await store.append([entry({ subject, detail: { n: 3 } })]);
    const n = async (filter: { after?: number; limit: number }) =>
      (await store.readRecord({ subject, ...filter })).map(({ detail }) => detail.n);
    expect(await n({ limit: 9 })).toEqual([1, 2, 3]);
    expect(await n({ limit: 1 })).toEqual([1]);
    expect(await n({ after: 1, limit: 9 })).toEqual([2, 3]);
    expect(await store.verifyRecord()).toMatchObject({ ok: true, rows: 2, pending: 1 });
  });

  it('is one chain without gaps when two processes link at once', async () => {
    const other = world.newStore();
    let done = false;
    const sealing = [store, other].map(async (one) => {
      let linked = 0;
      while (!done) {
        linked += await one.seal();
        // The embedded database answers without leaving the turn, in which no writer would ever get its own.
        await setImmediate();
      }
      return linked;
    });
    const writing = Array.from({ length: 60 }, (_, n) =>
      (n % 2 ? store : other).append(Array.from({ length: 10 }, () => entry())),
    );
    await Promise.all(writing);
    done = true;
    await Promise.all(sealing);
    await sealAll();
    expect(await store.verifyRecord()).toMatchObject({ ok: true, rows: 600, pending: 0 });
  });

  it.each(['update record set actor = actor', 'delete from record', 'truncate record'])(
    'refuses "%s"',
    async (statement) => {
      await written(1);
      await expect(world.run(statement)).rejects.toThrow('append-only');
      expect(await store.verifyRecord()).toMatchObject({ ok: true, rows: 1 });
    },
  );

  it.each([
    [`update record_queue set actor = 'nobody'`, 'UPDATE'],
    ['delete from record_queue', 'DELETE'],
    ['truncate record_queue', 'TRUNCATE'],
    [`with moved as (delete from record_queue returning *) select * from moved`, 'DELETE'],
  ])('keeps lines that wait to be linked from "%s"', async (statement, word) => {
    await store.append([entry(), entry()]);
    await expect(world.run(statement)).rejects.toThrow(`append-only: ${word}`);
    expect(await store.seal()).toBe(2);
    expect(await store.verifyRecord()).toMatchObject({ ok: true, rows: 2, pending: 0 });
  });

  it('keeps a waiting line that is like one which was linked before', async () => {
    const same = entry();
    await store.append([same]);
    await store.seal();
    await store.append([same, same]);
    await expect(world.run('delete from record_queue')).rejects.toThrow('append-only');
    expect(await store.seal()).toBe(2);
  });

  it.each([
    'insert into record_checkpoints select 1, 2, hash, 2, at from record where seq = 1',
    `insert into record_checkpoints select 1, 1, repeat('f', 64), 1, at from record where seq = 1`,
    'insert into record_checkpoints select 2, 2, hash, 1, at from record where seq = 2',
  ])('refuses a checkpoint that is not that of its lines: "%s"', async (statement) => {
    await written(3);
    await expect(world.run(statement)).rejects.toThrow('append-only');
  });

  it('is found to be rewritten by a head that was told before, though its own chain is consistent', async () => {
    await written(10);
    const before = await store.head();
    const kept = await store.hashesAt([3]);
    const lines = await world.db.selectFrom('record').selectAll().orderBy('seq').execute();
    let previous = noLine.hash;
    const forged = lines.map((line) => {
      const row = { ...line, actor: line.seq === 5 ? 'person:nobody' : line.actor, previous };
      previous = linkHash(row);
      return { ...row, hash: previous };
    });
    await asSuperuser('truncate record', `update record_head set hash = '${previous}'`);
    await world.db.insertInto('record').values(forged).execute();
    expect(await store.verifyRecord()).toMatchObject({ ok: true, rows: 10 });
    expect(await store.hashesAt([3])).toEqual(kept);
    const [now] = await store.hashesAt([before.seq]);
    expect(now?.hash).not.toBe(before.hash);
  });

  const swap = `with old as (select * from record where seq in (5, 6))
    update record set actor = old.actor, detail = old.detail, previous = old.previous, hash = old.hash
    from old where record.seq in (5, 6) and record.seq <> old.seq`;
  const columns = 'at, actor, via, action, subject, detail, previous, hash';
  it.each([
    ['altered', [`update record set actor = 'nobody' where seq = 5`], 5, 'was altered'],
    ['removed, the first', ['delete from record where seq = 1'], 1, 'line 1 is missing'],
    [
      'put in between',
      [
        'update record set seq = -seq where seq > 5',
        'update record set seq = 1 - seq where seq < 0',
        `insert into record select 6, ${columns} from record where seq = 5`,
      ],
      6,
      'line 6 was moved or replaced',
    ],
    [
      'left behind a head that was set back',
      ['update record_head set seq = 8, hash = (select hash from record where seq = 8)'],
      9,
      'not put there by the sealer',
    ],
    [
      'the last, and the head has another hash',
      [`update record_head set hash = repeat('f', 64)`],
      10,
      'not the one that was linked last',
    ],
    ['any, as the head was removed', ['delete from record_head'], 1, 'the head of the record is missing'],
    ['removed', ['delete from record where seq = 5'], 5, 'line 5 is missing'],
    [
      'removed, and the rest moved up',
      ['delete from record where seq = 5', 'update record set seq = seq - 1 where seq > 5'],
      5,
      'moved',
    ],
    ['swapped with its neighbour', [swap], 5, 'moved'],
    ['cut off the end', ['delete from record where seq > 8'], 9, 'lines 9 to 10 are missing at the end'],
    [
      'put behind the end',
      [
        `insert into record select 11, at, actor, via, action, subject, detail, previous, hash from record where seq = 10`,
      ],
      11,
      'not put there by the sealer',
    ],
  ])('names a line that was %s', async (_, statements, seq, reason) => {
    await written(10);
    await asSuperuser(...statements);
    expect(await store.verifyRecord()).toEqual({ ok: false, seq, reason: expect.stringContaining(reason) });
  });

  it.each([1, 5, 10])('names line %i, whatever of it was altered', async (seq) => {
    await written(10);
    const { seq: _, ...line } = await world.db
      .selectFrom('record')
      .selectAll()
      .where('seq', '=', seq)
      .executeTakeFirstOrThrow();
    for (const [column, value] of Object.entries(line)) {
      const other = /^[0-9a-f]{64}$/.test(value) ? 'f'.repeat(64) : `${value} `;
      const set = (to: string) => `update record set ${column} = '${to}' where seq = ${seq}`;
      await asSuperuser(set(other));
      expect(await store.verifyRecord()).toEqual({
        ok: false,
        seq,
        reason: expect.stringContaining(`line ${seq} `),
      });
      await asSuperuser(set(value));
    }
    expect(await store.verifyRecord()).toMatchObject({ ok: true, rows: 10 });
  });

  it('verifies 10 000 lines within a second', async () => {
    await written(10_000);
    // Its own computing time, which a busy machine does not stretch.
    const start = process.cpuUsage();
    expect(await store.verifyRecord()).toMatchObject({ ok: true, rows: 10_000 });
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(1);
  });

  it('keeps secrets out, in every form, before it cuts', async () => {
    const forms = [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
      Buffer.from(`ada:${secret}`).toString('base64'),
      JSON.stringify({ secret }),
      `https://ada:${encodeURIComponent(secret)}@example.com`,
    ];
    const subject = fresh('P');
    const detail = { forms, nested: { [secret]: [secret] }, long: `${'x'.repeat(32_700)}${secret}` };
    await store.append([entry({ subject, actor: `person:${secret}`, detail })]);
    const text = JSON.stringify(await world.db.selectFrom('record_queue').selectAll().execute());
    expect(text).toContain('[secret]');
    for (const form of forms) {
      expect(text).not.toContain(form);
      expect(text).not.toContain(JSON.stringify(form).slice(1, -1));
    }
    expect(text).not.toContain(secret.slice(0, 10));
  });

  it('takes hostile text, bounds it, and stays whole', async () => {
    const subject = fresh('P');
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
    await store.append([
      entry({ subject, detail: { nul: '\0', lone: '\ud800x', number: Number.POSITIVE_INFINITY, deep } }),
      entry({ subject, detail: { text: 'é"\\'.repeat(400_000) } }),
      entry({ subject: '\0\ud800', actor: '\0\ud800' }),
    ]);
    await sealAll();
    const [first, second] = await store.readRecord({ subject, limit: 9 });
    expect(first?.detail).toMatchObject({ nul: '\ufffd', lone: '\ufffdx', number: 'Infinity' });
    expect(Object.keys(second?.detail ?? {})).toEqual(['bytes', 'start']);
    expect(Buffer.byteLength(JSON.stringify(second?.detail))).toBeLessThanOrEqual(32 * 1024);
    expect(await store.readRecord({ subject: '\0\ud800', limit: 9 })).toHaveLength(1);
    expect(await store.verifyRecord()).toMatchObject({ ok: true, rows: 3 });
  });

  it('is written in the transaction that it belongs to', async () => {
    const bad = entry({ at: 'no time' });
    const { seq } = await store.receive(delivery());
    const settlement = store.settle({
      seq,
      disposition: 'ignored',
      reason: 'x',
      started: [],
      entries: [bad],
    });
    await expect(settlement).rejects.toThrow('Invalid time value');
    expect((await store.findEvent(String(seq)))?.disposition).toBeUndefined();
  });
});
