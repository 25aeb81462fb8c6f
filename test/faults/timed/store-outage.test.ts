import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import { Client } from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../domain/store-unavailable.ts';
import { createLog, outageLines } from '../../../log/log.ts';
import { openPostgres } from '../../../store/database.ts';
import { openStore } from '../../../store/open.ts';
import type { Store } from '../../../store/store.ts';
import { startPostgres } from '../../store/postgres.ts';
import { type DatabaseProxy, startProxy } from '../../store/proxy.ts';
import { delivery, entry, fresh, intent } from '../../store/world.ts';

const postgres = await startPostgres();

/** Every function of the store but `close`. */
const everything = (store: Store): Record<string, () => Promise<unknown>> => ({
  receive: () => store.receive(delivery()),
  claim: () => store.claim(10),
  release: () => store.release(),
  backlog: () => store.backlog(),
  findEvent: () => store.findEvent('1'),
  listEvents: () => store.listEvents({ limit: 1 }),
  replay: () => store.replay(1, 'person:ada', 'cli'),
  situation: () => store.situation('P1'),
  decide: () => store.decide({ seq: 1, runs: [], entries: [entry()] }),
  settle: () =>
    store.settle({ seq: 1, disposition: 'ignored', reason: 'none', started: [], entries: [entry()] }),
  findRun: () => store.findRun('x'),
  listRuns: () => store.listRuns({ limit: 1 }),
  intend: () => store.intend(intent()),
  conclude: () =>
    store.conclude({ key: fresh('key'), attempt: 1, state: 'none', changed: false, entry: entry() }),
  claimEcho: () =>
    store.claimEcho({
      subject: 'P1',
      type: 'x',
      eventId: 'e',
      source: 'pagerduty',
      time: '2026-03-01T10:00:00.000Z',
      receivedAt: '2026-03-01T10:00:00.000Z',
    }),
  append: () => store.append([entry()]),
  seal: () => store.seal(),
  head: () => store.head(),
  readRecord: () => store.readRecord({ limit: 1 }),
  verifyRecord: () => store.verifyRecord(),
  ping: () => store.ping(),
});

describe.skipIf(!postgres)('an outage of PostgreSQL', () => {
  let url: string;
  let proxy: DatabaseProxy;
  let store: Store;
  let told: string[];
  const stores: Store[] = [];
  const open = async (databaseUrl: string) => {
    const opened = await openStore({
      databaseUrl,
      dataDir: '/nowhere',
      outages: {
        began: (reason) => void told.push(`began: ${reason}`),
        ended: ({ failed }) => void told.push(`ended: ${failed}`),
      },
    });
    stores.push(opened);
    return opened;
  };
  beforeEach(async () => {
    told = [];
    url = (await postgres?.newDatabase()) ?? '';
    proxy = await startProxy(url);
    store = await open(proxy.url);
  });
  afterEach(async () => {
    proxy.mode = 'pass';
    await Promise.all(stores.splice(0).map((each) => each.close()));
    await proxy.close();
  });
  afterAll(() => postgres?.stop());

  /** As another client of the same database. */
  async function directly(use: (client: Client) => Promise<void>): Promise<void> {
    const client = new Client(url);
    await client.connect();
    await use(client).finally(() => client.end());
  }
  const untilWell = () =>
    expect.poll(() => store.ping().then(() => 'well', String), { timeout: 5000 }).toBe('well');

  it.each(['cut', 'swallow', 'cut answers'] as const)(
    '(%s) is StoreUnavailable to every function, within 2 s',
    async (mode) => {
      proxy.mode = mode;
      const begun = performance.now();
      const calls = Object.entries(everything(store));
      const results = await Promise.all(
        calls.map(
          async ([name, call]) =>
            [
              name,
              await call().then(
                () => 'done',
                (error: unknown) => error,
              ),
            ] as const,
        ),
      );
      for (const [name, result] of results)
        expect([name, result]).toEqual([name, expect.any(StoreUnavailable)]);
      expect(performance.now() - begun).toBeLessThan(2500);
      proxy.mode = 'pass';
      await untilWell();
      expect(await store.receive(delivery())).toMatchObject({ duplicate: false });
    },
  );

  it('fails the many that wait with one error, and is told once when it begins and once when it ends', async () => {
    proxy.mode = 'cut';
    proxy.cut();
    const begun = performance.now();
    const results = await Promise.allSettled(Array.from({ length: 200 }, () => store.append([entry()])));
    expect(performance.now() - begun).toBeLessThan(2000);
    const reasons = new Set(results.map((result) => result.status === 'rejected' && result.reason));
    expect(reasons.size).toBe(1);
    await Promise.allSettled(Object.values(everything(store)).map((call) => call()));
    expect(told).toEqual([expect.stringMatching(/^began: The store is not available: /)]);
    proxy.mode = 'pass';
    await untilWell();
    await expect
      .poll(
        () =>
          store.append([entry()]).then(
            () => told.length,
            () => told.length,
          ),
        { timeout: 5000 },
      )
      .toBe(2);
    expect(told[1]).toMatch(/^ended: \d+$/);
  });

  it('is one line in the log, whoever tells of it', async () => {
    const lines: string[] = [];
    const log = createLog((text) => text, { destination: { write: (line) => lines.push(line) } });
    const own = await openStore({
      databaseUrl: proxy.url,
      dataDir: '/nowhere',
      outages: outageLines(() => log),
    });
    stores.push(own);
    proxy.mode = 'cut';
    await Promise.all(
      Object.entries(everything(own)).map(([name, call]) =>
        call().catch((err: unknown) => log.error({ err }, name)),
      ),
    );
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      expect.stringMatching(/^The store is not available/),
    ]);
  });

  it('fails those with it that wait while it is silent, and not one batch after the other', async () => {
    await store.append([entry()]);
    proxy.mode = 'swallow';
    const begun = performance.now();
    const results = await Promise.allSettled(Array.from({ length: 1000 }, () => store.append([entry()])));
    expect(performance.now() - begun).toBeLessThan(2500);
    expect(results.filter(({ status }) => status === 'fulfilled')).toEqual([]);
  });

  it('costs one wait, not one for each connection that is as dead', async () => {
    await Promise.all(Array.from({ length: 10 }, () => store.ping()));
    proxy.silence();
    await expect(store.ping()).rejects.toThrow(StoreUnavailable);
    const begun = performance.now();
    await Promise.all(Array.from({ length: 10 }, () => store.ping()));
    expect(performance.now() - begun).toBeLessThan(900);
  });

  it.each(['one', 'many'])(
    '(a commit whose answer is lost) puts no line into the record twice: %s',
    async (count) => {
      const entries = Array.from({ length: count === 'one' ? 1 : 50 }, () =>
        entry({ subject: fresh('twice') }),
      );
      await store.append([entry()]);
      proxy.mode = 'cut answers';
      const first = await Promise.allSettled(entries.map((each) => store.append([each])));
      expect(first.filter(({ status }) => status === 'fulfilled')).toEqual([]);
      proxy.mode = 'pass';
      await untilWell();
      if (count === 'many') await store.seal();
      // Whoever asked for them asks again.
      await Promise.all(entries.map((each) => store.append([each])));
      for (const { subject } of entries)
        expect(await store.readRecord({ subject, limit: 9 })).toHaveLength(1);
      expect(await store.verifyRecord()).toMatchObject({ ok: true });
    },
  );

  it('stores an event once whose commit got no answer, when it is sent again', async () => {
    const given = delivery();
    await store.receive(delivery());
    proxy.mode = 'cut answers';
    await expect(store.receive(given)).rejects.toThrow(StoreUnavailable);
    proxy.mode = 'pass';
    await untilWell();
    expect(await store.receive(given)).toMatchObject({ duplicate: true });
    const lines = await store.readRecord({ subject: given.subject ?? '', limit: 9 });
    expect(lines.map(({ detail }) => detail.duplicateOf)).toEqual([undefined, expect.any(Number)]);
  });

  it.each([
    ['claim', 7_229_002, (each: Store) => each.claim(10).then(() => 1)],
    ['seal', 7_229_001, (each: Store) => each.seal()],
  ] as const)(
    '(a halted process that holds the lock of %s) lets the others go on within seconds',
    async (_, lock, work) => {
      await store.append([entry()]);
      const halted = await openPostgres(url);
      const transaction = halted.transaction().execute(async (open) => {
        await sql`select pg_advisory_xact_lock(${lock})`.execute(open);
        await wait(4_500);
        await sql`select 1`.execute(open);
      });
      await wait(100);
      const begun = performance.now();
      await expect
        .poll(() => work(store).catch(() => 0), { timeout: 8000, interval: 100 })
        .toBeGreaterThan(0);
      expect(performance.now() - begun).toBeLessThan(5000);
      await expect(transaction).rejects.toThrow(StoreUnavailable);
      await halted.destroy();
    },
  );

  it('bounds what each of its connections may hold up', async () => {
    expect(await boundsOf(url)).toEqual({
      idle_in_transaction_session_timeout: '3s',
      jit: 'off',
      lock_timeout: '600ms',
      statement_timeout: '900ms',
      tcp_keepalives_idle: '10',
      tcp_user_timeout: '20000',
    });
  });

  it('(a lock held) is told to the statement alone, names its cause, and is no outage', async () => {
    const client = new Client(url);
    await client.connect();
    await client.query('begin; lock table inbox');
    await expect(store.receive(delivery())).rejects.toThrow(/lock timeout/);
    await client.query('rollback');
    await client.end();
    expect(told).toEqual([]);
    expect(await store.receive(delivery())).toMatchObject({ duplicate: false });
  });

  it('(a serialisation failure) is StoreUnavailable and no outage', async () => {
    await directly(async (client) => {
      await client.query(`create function fail() returns trigger language plpgsql as
        $$ begin raise exception 'could not serialize access' using errcode = '40001'; end $$`);
      await client.query(
        'create trigger fail before insert on record_queue for each row execute function fail()',
      );
      await expect(store.append([entry()])).rejects.toThrow(StoreUnavailable);
      await client.query('drop trigger fail on record_queue');
    });
    await store.append([entry()]);
    expect(told).toEqual([]);
  });

  it('(no connection left) says so', async () => {
    const clients: Client[] = [];
    await store.close();
    stores.splice(0);
    for (;;) {
      const client = new Client(url);
      client.on('error', () => undefined);
      const refused = await client.connect().then(
        () => undefined,
        (error: Error) => error,
      );
      if (refused) break;
      clients.push(client);
    }
    try {
      await expect(open(url)).rejects.toThrow(/too many clients|reserved/);
      await expect(open(url)).rejects.toThrow(StoreUnavailable);
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  });

  it('(read-only) ends when something can be stored again, though reading goes on', async () => {
    await directly((client) =>
      client
        .query(`alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = on`)
        .then(),
    );
    proxy.cut();
    await wait(50);
    await expect.poll(() => store.append([entry()]).catch(String), { timeout: 3000 }).toMatch(/read-only/);
    const before = told.length;
    await wait(1_050);
    await store.listRuns({ limit: 1 });
    expect(told).toHaveLength(before);
    await directly(async (client) => {
      await client.query('set default_transaction_read_only = off');
      await client.query(
        `alter database ${new URL(url).pathname.slice(1)} reset default_transaction_read_only`,
      );
    });
    proxy.cut();
    await expect
      .poll(() => store.append([entry()]).then(() => told.at(-1), String), { timeout: 5000 })
      .toMatch(/^ended/);
  });

  it('leaves a bug what it is', async () => {
    await directly((client) => client.query('alter table inbox rename to elsewhere').then());
    const error: unknown = await store.backlog().catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(StoreUnavailable);
    expect(error).toMatchObject({ code: '42P01' });
    expect(told).toEqual([]);
  });
});

/** As a connection of the store has them. */
async function boundsOf(databaseUrl: string): Promise<Record<string, string>> {
  const names = [
    'idle_in_transaction_session_timeout',
    'jit',
    'lock_timeout',
    'statement_timeout',
    'tcp_keepalives_idle',
    'tcp_user_timeout',
  ];
  const db = await openPostgres(databaseUrl);
  const { rows } = await sql<{ name: string; value: string }>`
    select name, current_setting(name) as value from pg_settings where name in (${sql.join(names)}) order by name`.execute(
    db,
  );
  await db.destroy();
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
