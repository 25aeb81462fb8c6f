import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import { afterAll, expect, it, onTestFinished, vi } from 'vitest';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { openEmbedded } from '../../store/embedded/embedded.ts';
import { openThread } from '../../store/embedded/session.ts';
import { openStore } from '../../store/open.ts';
import { seedStore } from '../seed.ts';
import { delivery, embeddedWorld } from './world.ts';

const { db, close } = await embeddedWorld();
afterAll(close);

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'baton-session-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Threads end at the next question. */
function endThreads(): void {
  const posts = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker) {
    void this.terminate();
  });
  onTestFinished(() => posts.mockRestore());
}

it('a long statement holds up nothing else in the process', async () => {
  let isAnswered = false;
  const answered = sql`select pg_sleep(0.1)`.execute(db).then(() => {
    isAnswered = true;
  });
  // By then it is on its way: PGlite in this thread would have held up this turn of its loop.
  for (let turns = 0; turns < 3; turns += 1) await new Promise(setImmediate);
  expect(isAnswered).toBe(false);
  await answered;
});

it('what is asked at once is done and answered in the order in which it was asked', async () => {
  await sql`create temporary table given (place integer generated always as identity, number integer, text integer)`.execute(
    db,
  );
  const answered: number[] = [];
  await Promise.all(
    Array.from({ length: 200 }, async (_, number) => {
      // Of many texts, some of which nobody has asked before.
      const text = sql.raw(`values (${number % 20}`);
      await sql`insert into given (text, number) ${text}, ${number})`.execute(db);
      answered.push(number);
    }),
  );
  const { rows } = await sql<{ number: number }>`select number from given order by place`.execute(db);
  const all = Array.from({ length: 200 }, (_, number) => number);
  expect(rows.map(({ number }) => number)).toEqual(all);
  expect(answered).toEqual(all);
});

it('statements and transactions take their turns as they were asked: none is passed by transaction after transaction', async () => {
  await sql`create temporary table turns (place integer generated always as identity, who text)`.execute(db);
  const insert = (who: string, own = db) => sql`insert into turns (who) values (${who})`.execute(own);
  let isOver = false;
  const begun = [1, 2, 3, 4].map(async () => {
    while (!isOver) await db.transaction().execute((own) => insert('transaction', own));
  });
  await insert('before');
  await Promise.all(Array.from({ length: 50 }, () => insert('alone')));
  isOver = true;
  await Promise.all(begun);
  const { rows } = await sql<{ who: string }>`select who from turns order by place`.execute(db);
  const all = rows.map(({ who }) => who);
  const asked = all.slice(all.indexOf('alone'), all.lastIndexOf('alone') + 1);
  expect(asked.filter((who) => who === 'transaction')).toEqual([]);
});

it('results and values of many megabytes arrive whole', async () => {
  const bytes = Buffer.alloc(3_000_000, 'Bytes \0 and \xFF');
  const { rows } = await sql<{ text: string; bytes: Buffer }>`
    select repeat('ü', 4000000) as text, ${bytes}::bytea as bytes`.execute(db);
  expect(rows[0]?.text.length).toBe(4_000_000);
  expect(rows[0]?.bytes.equals(bytes)).toBe(true);
  const many = await sql<{ n: number }>`select n from generate_series(1, 100000) as n`.execute(db);
  expect(many.rows.at(-1)).toEqual({ n: 100_000 });
});

it('values of each type come back as they were', async () => {
  const at = new Date('2026-03-01T10:00:00.123Z');
  const { rows } = await sql`
    select ${at}::timestamptz as at, ${'{"a":[1,null]}'}::jsonb as json, ${true}::boolean as yes, ${null}::text as none,
      array['a,b', 'ü"', null]::text[] as texts, array[1, 2]::bigint[] as numbers, 12345678::bigint as big`.execute(
    db,
  );
  expect(rows).toEqual([
    {
      at,
      json: { a: [1, null] },
      yes: true,
      none: null,
      texts: ['a,b', 'ü"', null],
      numbers: [1, 2],
      big: 12_345_678,
    },
  ]);
});

it('an error keeps its code, and the next statement finds all in order', async () => {
  await sql`create temporary table once (id integer primary key)`.execute(db);
  const insert = () => sql`insert into once values (1)`.execute(db);
  await insert();
  await expect(insert()).rejects.toMatchObject({
    code: '23505',
    message: expect.stringContaining('once_pkey'),
  });
  // Of a text that is refused before it is a statement, twice.
  for (const _ of [1, 2])
    await expect(sql`select from nowhere`.execute(db)).rejects.toMatchObject({ code: '42P01' });
  const failed = db.transaction().execute(async (own) => {
    await sql`delete from once`.execute(own);
    await sql`select 1 / 0`.execute(own);
  });
  await expect(failed).rejects.toMatchObject({ code: '22012' });
  expect((await sql`select id from once`.execute(db)).rows).toEqual([{ id: 1 }]);
});

it('a statement that nobody has asked before is no part of a transaction that begins meanwhile', async () => {
  await sql`create temporary table beside (id integer)`.execute(db);
  const transaction = db.transaction().execute(async (own) => {
    await sql`insert into beside values (1)`.execute(own);
    throw new Error('It is rolled back');
  });
  const beside = sql`insert into beside values (2), (3)`.execute(db);
  await expect(transaction).rejects.toThrow('rolled back');
  await beside;
  expect((await sql`select id from beside order by id`.execute(db)).rows).toEqual([{ id: 2 }, { id: 3 }]);
});

it('where its thread ends, whoever waits and whoever asks is told, and nothing that was acknowledged is lost', async () => {
  const dataDir = newFolder();
  seedStore(dataDir);
  const told: string[] = [];
  const lost = vi.fn<(error: Error) => void>();
  const outages = { began: (reason: string) => void told.push(reason), ended: () => void told.push('ended') };
  // Without the calls to the disk: after a crash they are one for each file.
  const store = await openStore({ dataDir, fsync: false, outages, onLost: lost });
  const kept = delivery();
  await store.receive(kept);
  endThreads();
  const waiting = [store.receive(delivery()), store.backlog(), store.ping()];
  await Promise.all(waiting.map((each) => expect(each).rejects.toThrow(StoreUnavailable)));
  vi.restoreAllMocks();
  await expect(store.receive(delivery())).rejects.toThrow(/its thread has ended.*Restart Baton/);
  await expect(store.ping()).rejects.toMatchObject({ kind: 'away' });
  expect(lost.mock.calls).toEqual([[expect.any(StoreUnavailable)]]);
  expect(told).toEqual([expect.stringContaining('its thread has ended')]);
  await store.close();
  const again = await openStore({ dataDir, fsync: false });
  expect(await again.receive(kept)).toMatchObject({ duplicate: true });
  await again.close();
});

it('where PostgreSQL breaks down in a statement, that is no success: it has ended, and what was before is there', async () => {
  const dataDir = newFolder();
  seedStore(dataDir);
  const lost = vi.fn<(error: Error) => void>();
  const { db: own, release } = await openEmbedded(dataDir, { fsync: false, onLost: lost });
  await sql`create table broken (id integer)`.execute(own);
  const insert = (id: number, by = own) => sql`insert into broken values (${id})`.execute(by);
  await insert(1);
  const transaction = own.transaction().execute(async (by) => {
    await insert(2, by);
    // Deeper than the stack of the thread: PGlite swallows what comes of it, and answers nothing.
    await sql`select repeat('[', 100000)::jsonb`.execute(by);
  });
  await expect(transaction).rejects.toThrow(StoreUnavailable);
  await expect(insert(3)).rejects.toThrow(/in the middle of a statement.*Restart Baton/);
  expect(lost.mock.calls).toEqual([[expect.any(StoreUnavailable)]]);
  await own.destroy();
  release();
  const again = await openEmbedded(dataDir, { fsync: false });
  expect((await sql`select id from broken`.execute(again.db)).rows).toEqual([{ id: 1 }]);
  // So it is with what breaks down as a text is prepared.
  await expect(sql.raw(`select 1${'+1'.repeat(20_000)}`).execute(again.db)).rejects.toThrow(
    'in the middle of a statement',
  );
  await again.db.destroy();
  again.release();
});

it('what is under way when it is closed is done, and what is asked later is refused', async () => {
  const world = await embeddedWorld();
  const store = world.newStore();
  const slept = sql<{ done: number }>`select 1 as done from pg_sleep(0.05)`.execute(world.db);
  await new Promise(setImmediate);
  await world.close();
  expect((await slept).rows).toEqual([{ done: 1 }]);
  await expect(store.receive(delivery())).rejects.toThrow(StoreUnavailable);
  await expect(store.ping()).rejects.toThrow(StoreUnavailable);
});

it('a database that cannot be opened is told of, and holds nothing up', async () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'store'));
  writeFileSync(join(folder, 'store', 'PG_VERSION'), '18\n');
  const lost = vi.fn<(error: Error) => void>();
  await expect(openThread(join(folder, 'store'), true, lost)).rejects.toThrow();
  expect(lost).not.toHaveBeenCalled();
});

it('a thread that nobody asks keeps no process alive, one that is asked does', () => {
  const dataDir = newFolder();
  seedStore(dataDir);
  const script = `import { openStore } from ${JSON.stringify(new URL('../../store/open.ts', import.meta.url).href)};
    const store = await openStore({ dataDir: ${JSON.stringify(dataDir)} });
    await store.ping();
    store.backlog().then(({ pending }) => console.log('pending', pending));`;
  const file = join(dataDir, 'asks.ts');
  writeFileSync(file, script);
  const { stdout, stderr, status } = spawnSync(process.execPath, [file], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect([stdout, stderr, status]).toEqual(['pending 0\n', '', 0]);
});
