import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../log/log.ts';
import { tellHead } from '../../server/rounds/heads.ts';
import { openEmbedded } from '../../store/embedded/embedded.ts';
import { makeStore } from '../../store/open.ts';
import { linkHash, noLine } from '../../store/record/chain.ts';
import { seedStore } from '../seed.ts';
import { entry } from '../store/world.ts';
import { runBaton } from './command.ts';

const key = 'a key of this test alone';
const lines = 1_300;
const subject = 'QMANY';

describe('a record of more lines than one page holds', () => {
  let folder: string;
  let head: { seq: number; hash: string };
  const dataDir = () => join(folder, 'data');
  const file = () => join(dataDir(), 'record-heads.jsonl');

  const baton = (argv: string[], env: NodeJS.ProcessEnv = {}) =>
    runBaton(argv, {
      env: { BATON_DATA_DIR: dataDir(), BATON_SECRET_KEY: key, ...env },
      isTTY: true,
    });
  /** As whoever owns the tables and has stopped Baton. */
  async function asOwner(use: (db: Awaited<ReturnType<typeof openEmbedded>>['db']) => Promise<void>) {
    const { db, release } = await openEmbedded(dataDir());
    await use(db);
    await db.destroy();
    release();
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'baton-audit-'));
    seedStore(dataDir());
    const logged: string[] = [];
    const log = createLog((text) => text, { destination: { write: (line) => logged.push(line) } });
    await asOwner(async (db) => {
      const store = makeStore(db, {});
      await store.append(Array.from({ length: lines }, (_, n) => entry({ subject, detail: { n } })));
      while ((await store.seal()) > 0);
      head = await store.head();
      tellHead({ seq: 0, hash: noLine.hash }, log, { secretKey: key, headsDir: dataDir() });
      tellHead(head, log, { secretKey: key, headsDir: dataDir() });
      // These wait, more than a page of them.
      await store.append(Array.from({ length: 700 }, (_, n) => entry({ subject, detail: { n: lines + n } })));
    });
    expect(JSON.parse(logged[1] ?? '')).toMatchObject({ ...head, signature: expect.any(String) });
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is shown whole, every line once and in order', async () => {
    type Told = { detail: { n: number } };
    const shown = JSON.parse((await baton(['audit', 'show', subject, '--json'])).stdout);
    const numbers = Array.from({ length: lines + 700 }, (_, n) => n);
    expect(shown.map(({ detail }: Told) => detail.n)).toEqual(numbers);
    const { entries } = JSON.parse((await baton(['timeline', subject, '--json'])).stdout);
    expect(entries.map(({ detail }: { detail: Told }) => detail.detail.n)).toEqual(numbers);
    // Each line with its words below it.
    const text = (await baton(['audit', 'show', subject])).stdout.trim().split('\n');
    expect(text.filter((line) => /^\S/.test(line))).toHaveLength(numbers.length);
    expect(text.filter((line) => line.length > 80)).toEqual([]);
  });

  it('contains the heads of its file, which is for its user alone, and a head that is asked for', async () => {
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    const asked = await baton(['audit', 'verify', '--head', `${head.seq}:${head.hash}`]);
    expect(asked).toMatchObject({ exit: 0, stderr: '' });
    expect(asked.stdout).toContain(`it contains the head ${head.seq}:${head.hash}`);
    expect(asked.stdout).toContain('2 of 2 heads that were told, 2 signed');
  });

  it.each([
    ['another hash', () => `${head.seq}:${'f'.repeat(64)}`, 1, 'was rewritten'],
    ['a line that is not there', () => `${head.seq + 5000}:${head.hash}`, 1, 'was cut off'],
    ['the hash of another line', () => `${head.seq - 1}:${head.hash}`, 1, 'was rewritten'],
    ['no hash', () => `${head.seq}`, 2, 'hex digits'],
    ['no number', () => `x:${head.hash}`, 2, 'hex digits'],
  ])('does not contain a head of %s', async (_, given, exit, words) => {
    const answer = await baton(['audit', 'verify', '--head', given()]);
    expect(answer.exit).toBe(exit);
    expect(answer.stderr).toContain(words);
  });

  it('does not verify where a head of the file was signed with another key, is unsigned after signed ones, or is none', async () => {
    const before = readFileSync(file(), 'utf8');
    const at = new Date().toISOString();
    const changed = { BATON_SECRET_KEY: `${key} no longer` };
    expect((await baton(['audit', 'verify'], changed)).exit).toBe(1);
    const former = await baton(['audit', 'verify'], {
      ...changed,
      BATON_FORMER_SECRET_KEYS: `older one, ${key}`,
    });
    expect(former).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('2 of 2 heads that were told, 2 signed'),
    });
    for (const line of [JSON.stringify({ ...head, at }), '{"seq":', JSON.stringify({ seq: 'x' })]) {
      appendFileSync(file(), `${line}\n`);
      expect((await baton(['audit', 'verify'])).exit).toBe(1);
      writeFileSync(file(), before);
    }
    expect((await baton(['audit', 'verify'])).exit).toBe(0);
  });

  it('does not verify where its owner removed the beginning, and put a checkpoint of their own in its place', async () => {
    const { sql } = await import('kysely');
    const tables = ['record', 'record_checkpoints'];
    const asIfPruned = (last: number, statements: (hash: string) => string[]) =>
      asOwner(async (db) => {
        const row = await db.selectFrom('record').select('hash').where('seq', '=', last).executeTakeFirst();
        for (const table of tables) await sql.raw(`alter table ${table} disable trigger user`).execute(db);
        for (const statement of statements(row?.hash ?? '')) await sql.raw(statement).execute(db);
        for (const table of tables) await sql.raw(`alter table ${table} enable trigger user`).execute(db);
      });
    const at = new Date().toISOString();
    await asIfPruned(700, (hash) => [
      'create table removed as select * from record where seq <= 700',
      'delete from record where seq <= 700',
      `insert into record_checkpoints (first_seq, last_seq, last_hash, lines, at) values (1, 700, '${hash}', 700, '${at}')`,
    ]);
    const answer = await baton(['audit', 'verify']);
    expect(answer).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('the checkpoint of lines 1 to 700 is not signed'),
    });
    await asIfPruned(701, () => [
      'delete from record_checkpoints',
      'insert into record select * from removed',
      'drop table removed',
    ]);
    expect((await baton(['audit', 'verify'])).exit).toBe(0);
  }, 60_000);

  it('that its owner rewrote, consistently and with all rules switched off, is found by the told heads alone', async () => {
    await asOwner(async (db) => {
      const { sql } = await import('kysely');
      const rows = await db.selectFrom('record').selectAll().orderBy('seq').execute();
      let previous = noLine.hash;
      const forged = rows.map((row) => {
        const line = { ...row, previous, ...(row.seq === 700 ? { actor: 'person:nobody' } : {}) };
        previous = linkHash(line);
        return { ...line, hash: previous };
      });
      await sql`alter table record disable trigger user`.execute(db);
      await sql`delete from record`.execute(db);
      for (let start = 0; start < forged.length; start += 500)
        await db
          .insertInto('record')
          .values(forged.slice(start, start + 500))
          .execute();
      await sql`alter table record enable trigger user`.execute(db);
      await sql`update record_head set hash = ${previous}`.execute(db);
      expect(await makeStore(db, {}).verifyRecord()).toMatchObject({ ok: true });
    });
    const byFile = await baton(['audit', 'verify', '--json']);
    expect(byFile).toMatchObject({ exit: 1, stderr: expect.stringContaining('was rewritten') });
    expect(JSON.parse(byFile.stdout)).toMatchObject({ ok: false });
    rmSync(file());
    expect((await baton(['audit', 'verify'])).exit).toBe(0);
    const byHead = await baton(['audit', 'verify', '--head', `${head.seq}:${head.hash}`]);
    expect(byHead).toMatchObject({ exit: 1, stderr: expect.stringContaining('was rewritten') });
  }, 60_000);
});
