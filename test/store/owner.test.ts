import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.ts';
import { migrateAsOwner } from '../../store/owner.ts';
import type { Store } from '../../store/store.ts';
import { startPostgres } from './postgres.ts';
import { delivery, entry, intent } from './world.ts';

const postgres = await startPostgres();

describe.skipIf(!postgres)('a store whose role does not own the tables', () => {
  const role = `app_${process.pid}`;
  let ownerUrl: string;
  let url: string;
  let store: Store;

  async function as(address: string, statement: string): Promise<void> {
    const client = new Client({ connectionString: address });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  beforeAll(async () => {
    ownerUrl = (await postgres?.newDatabase()) ?? '';
    await as(ownerUrl, `create role ${role} login password 'app'`);
    const address = new URL(ownerUrl);
    address.username = role;
    address.password = 'app';
    url = address.href;
  });
  afterAll(async () => {
    await store?.close();
    await as(ownerUrl, `drop owned by ${role}; drop role ${role}`);
    await postgres?.stop();
  });

  it('is refused before the owner has brought the tables up to date, and says what to do', async () => {
    await expect(openStore({ databaseUrl: url, dataDir: '/nowhere' })).rejects.toThrow('baton migrate');
  });

  it('does all its work after that, twice as well', async () => {
    expect(await migrateAsOwner(ownerUrl, url)).toBe(role);
    expect(await migrateAsOwner(ownerUrl, url)).toBe(role);
    store = await openStore({ databaseUrl: url, dataDir: '/nowhere' });
    expect(await store.ownsTables()).toBe(false);
    const { seq } = await store.receive(delivery());
    await store.settle({ seq, disposition: 'ignored', reason: 'x', started: [], entries: [entry()] });
    expect(await store.intend(intent())).toMatchObject({ answer: 'go' });
    await store.append([entry()]);
    while ((await store.seal()) > 0);
    expect(await store.verifyRecord()).toMatchObject({ ok: true, pending: 0 });
    expect(await store.prune({ days: 1 })).toMatchObject({ events: 0, effects: 0, runs: 0 });
  });

  it.each([
    'update record set actor = actor',
    'delete from record',
    'truncate record',
    'insert into record select seq + 1000, at, actor, via, action, subject, detail, previous, hash from record',
    'alter table record disable trigger all',
    'drop table record',
    'update record_queue set actor = actor',
    'delete from record_queue',
    'truncate record_queue',
    'drop table record_queue',
    'alter table record_queue disable trigger all',
    'update record_head set seq = 0',
    'insert into record_checkpoints select 1, seq, hash, seq, at from record',
    'drop function seal_record(integer)',
    'create or replace function refuse_change() returns trigger language plpgsql as $$ begin return null; end $$',
    'set session_replication_role = replica',
  ])('cannot: %s', async (statement) => {
    await store.append([entry()]);
    await expect(as(url, statement)).rejects.toThrow(/permission denied|must be owner/);
    expect(await store.verifyRecord()).toMatchObject({ ok: true });
  });

  it('cannot lead the functions of the owner to tables of its own', async () => {
    const before = await store.head();
    await store.append([entry()]);
    await as(
      url,
      `create temporary table record_head (seq bigint, hash text);
       insert into record_head values (0, repeat('0', 64));
       select seal_record(10)`,
    );
    expect((await store.head()).seq).toBeGreaterThan(before.seq);
    expect(await store.verifyRecord()).toMatchObject({ ok: true });
  });

  it('can be opened with the owner’s address beside its own', async () => {
    const both = await openStore({ databaseUrl: url, migrationDatabaseUrl: ownerUrl, dataDir: '/nowhere' });
    expect(await both.ownsTables()).toBe(false);
    await both.close();
    const owner = await openStore({ databaseUrl: ownerUrl, dataDir: '/nowhere' });
    expect(await owner.ownsTables()).toBe(true);
    await owner.close();
  });
});
