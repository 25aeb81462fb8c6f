import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { encryptionOf } from '../../secrets/encryption.ts';
import { storedConnections } from '../../store/connections/stored-connections.ts';
import { backends } from './backends.ts';
import { delivery, entry, fresh } from './world.ts';

const canary = 'u+canary-0815-token-of-eu';
const values = { PAGERDUTY_API_TOKEN: canary, PAGERDUTY_REGION: 'eu' };
const secrets = ['PAGERDUTY_API_TOKEN'];
const added = (name: string) => entry({ action: 'connection.added', subject: `connection:${name}` });
const names = () => fresh('eu-');

describe.each(await backends())('the named connections on $name', ({ world }) => {
  const one = (key = 'a key of the tests', former: string[] = []) => {
    const learnt: string[] = [];
    const store = world.newStore();
    const connections = storedConnections({
      store,
      encryption: encryptionOf(key, former),
      learn: (more) => void learnt.push(...more),
    });
    const add = (name: string, more: Record<string, string> = {}) =>
      connections.add({
        name,
        provider: 'pagerduty',
        values: { ...values, ...more },
        secrets,
        by: 'token:admin',
        entry: added(name),
      });
    return { store, connections, add, learnt };
  };
  const lineOf = async (name: string) =>
    (await world.newStore().readRecord({ subject: `connection:${name}`, limit: 10 })).map(
      ({ action }) => action,
    );

  it('are kept, and given to whoever names them and the provider', async () => {
    const name = names();
    const { connections, add } = one();
    expect(await add(name)).toBe(true);
    await connections.look();
    expect(await connections.settingsOf('pagerduty', name)).toMatchObject({ values });
    expect(await connections.settingsOf('jira', name)).toBeUndefined();
    expect(await connections.settingsOf('pagerduty', 'default')).toBeUndefined();
    expect(await lineOf(name)).toEqual(['connection.added']);
  });

  it('have a name once, and a second one changes nothing and writes no line', async () => {
    const name = names();
    const { connections, add } = one();
    await add(name);
    expect(await add(name, { PAGERDUTY_REGION: 'us' })).toBe(false);
    const { connections: all } = await connections.look();
    expect(all.get(name)?.values).toEqual(values);
    expect(await lineOf(name)).toEqual(['connection.added']);
  });

  it('list what setup has made for them in the order of the making, however the clock goes', async () => {
    const name = names();
    const { store } = one();
    const make = (kind: string) => store.intendSetUp(name, { kind, name: kind, of: '' }, 'token:admin');
    await make('service');
    await sql`update set_up set at = at + interval '1 hour' where connection = ${name}`.execute(world.db);
    for (const kind of ['integration', 'webhook subscription', 'field']) await make(kind);
    const kinds = async () => (await store.listSetUp(name)).map(({ kind }) => kind);
    expect(await kinds()).toEqual(['service', 'integration', 'webhook subscription', 'field']);
    await make('service');
    expect((await kinds()).at(-1)).toBe('service');
  });

  it('hold no secret in the clear, in no table', async () => {
    const name = names();
    await one().add(name);
    const { rows } = await sql<{ table: string }>`
      select tablename as table from pg_tables where schemaname = current_schema()`.execute(world.db);
    expect(rows.length).toBeGreaterThan(10);
    for (const { table } of rows) {
      const found = await sql`select 1 from ${sql.id(table)} as t where t::text like ${`%${canary}%`}
        or t::text like ${`%${Buffer.from(canary).toString('hex')}%`}`.execute(world.db);
      expect([table, found.rows]).toEqual([table, []]);
    }
  });

  it('tell their secrets to the scrubber before they are given to anybody', async () => {
    const name = names();
    await one().add(name, { PAGERDUTY_WEBHOOK_SECRETS: 'one-of-two,the-other' });
    const { connections, learnt } = one();
    expect(learnt).toEqual([]);
    await connections.known();
    expect(learnt).toContain(canary);
    expect(learnt).not.toContain('eu');
  });

  it('are seen by other processes within 5 s of a change, with another version', async () => {
    const name = names();
    const { connections, add } = one();
    await add(name);
    const other = one().connections;
    const before = await other.settingsOf('pagerduty', name);
    const { version = 0 } = (await connections.look()).connections.get(name) ?? {};
    const changed = await connections.change(
      { name, provider: 'pagerduty', version },
      { values: { ...values, PAGERDUTY_REGION: 'us' }, secrets, by: 'token:admin', entry: added(name) },
    );
    expect(changed).toBe(true);
    const seen = () => other.settingsOf('pagerduty', name);
    await expect.poll(async () => (await seen())?.values.PAGERDUTY_REGION, { timeout: 5_000 }).toBe('us');
    expect((await seen())?.version).not.toBe(before?.version);
  });

  it('are changed only in the version that was looked at, and are unverified after', async () => {
    const name = names();
    const { store, connections, add } = one();
    await add(name);
    const row = async () => (await connections.look()).connections.get(name);
    const { version = 0 } = (await row()) ?? {};
    const found = {
      state: 'confirmed' as const,
      at: '2026-11-01T10:00:00.000Z',
      words: 'raised and read back',
    };
    expect(await store.judgeConnection(name, version, found, added(name))).toBe(true);
    expect(await row()).toMatchObject(found);
    const given = { values, secrets, by: 'token:admin', entry: added(name) };
    expect(await connections.change({ name, provider: 'pagerduty', version }, given)).toBe(true);
    expect(await row()).toMatchObject({ state: 'unverified', words: '' });
    expect(await connections.change({ name, provider: 'pagerduty', version }, given)).toBe(false);
    expect(await store.judgeConnection(name, version, found, added(name))).toBe(false);
    expect(await lineOf(name)).toHaveLength(3);
  });

  it('of which one cannot be decrypted are known by name, and the others work', async () => {
    const [lost, good] = [names(), names()];
    await one('the key of another Baton').add(lost);
    const { connections, add } = one();
    await add(good);
    const known = await connections.known();
    expect(known.connections.get(lost)?.values).toBeUndefined();
    await expect(connections.settingsOf('pagerduty', lost)).rejects.toThrow(
      new RegExp(`${lost} cannot be decrypted.*BATON_FORMER_SECRET_KEYS`),
    );
    expect(await connections.settingsOf('pagerduty', good)).toMatchObject({ values });
  });

  it('are not read where a row was copied under another name', async () => {
    const [name, copy] = [names(), names()];
    const { connections, add } = one();
    await add(name);
    await world.run(`insert into connections (name, provider, encrypted, key_id, version, created_by, updated_by)
      select '${copy}', provider, encrypted, key_id, version, created_by, updated_by from connections where name = '${name}'`);
    const known = await connections.look();
    expect(known.connections.get(name)?.values).toEqual(values);
    expect(known.connections.get(copy)?.values).toBeUndefined();
  });

  it('come under the newest key when keys are renewed, and stay as they are', async () => {
    const name = names();
    await one('the key of last year').add(name);
    const now = one('the key of this year', ['the key of last year']);
    const before = (await now.connections.known()).connections.get(name);
    expect(await now.connections.renewKeys()).toBeGreaterThanOrEqual(1);
    expect(await now.connections.renewKeys()).toBe(0);
    const after = (await one('the key of this year').connections.known()).connections.get(name);
    expect(after).toEqual(before);
    expect(
      (await one('the key of last year').connections.known()).connections.get(name)?.values,
    ).toBeUndefined();
  });

  it('can be restored also after their key was renewed', async () => {
    const name = names();
    const last = one('the key of last year');
    await last.add(name);
    await last.store.removeConnection(name, 'token:admin', added(name));
    const now = one('the key of this year', ['the key of last year']);
    expect(await now.connections.renewKeys()).toBeGreaterThanOrEqual(1);
    expect(await now.connections.renewKeys()).toBe(0);
    expect(now.learnt).toContain(canary);
    const { store, connections } = one('the key of this year');
    expect(await store.restoreConnection(name, 'token:admin', added(name))).toBe(true);
    expect(await connections.settingsOf('pagerduty', name)).toMatchObject({ values });
  });

  it('keep routes, each once, and see them with the connections', async () => {
    const name = names();
    const { store, connections } = one();
    const route = { provider: 'jira', workflow: name, connection: 'one' };
    expect(await store.setRoute(route, 'token:admin', added(name))).toBe(true);
    expect(await store.setRoute({ ...route, connection: 'two' }, 'token:admin', added(name))).toBe(true);
    const own = async () => (await connections.look()).routes.filter(({ workflow }) => workflow === name);
    expect(await own()).toEqual([{ ...route, connection: 'two' }]);
    expect(await store.removeRoute({ provider: 'jira', workflow: name, service: 'PSVC' }, added(name))).toBe(
      false,
    );
    expect(await store.removeRoute({ provider: 'jira', workflow: name }, added(name))).toBe(true);
    expect(await own()).toEqual([]);
  });

  it('name the live runs that were given one, also where a title holds what jsonb does not take', async () => {
    const name = names();
    const { store } = one();
    const start = async (cause: Record<string, unknown>) => {
      const { seq } = await store.receive(delivery());
      const id = fresh('run/');
      const run = {
        id,
        trigger: 't',
        workflow: 'w',
        target: 'x',
        subject: `${name}/P1`,
        eventSeq: seq,
        input: {},
      };
      await store.decide({ seq, runs: [{ ...run, cause }], entries: [] });
      return id;
    };
    const used = await start({ title: '\0', connection: name });
    const routed = await start({ connections: { jira: name } });
    await start({ title: `"connection": "${name}"` });
    expect((await store.connectionUsers(name)).map(({ run }) => run)).toEqual([used, routed]);
  });

  it('are bounded in number', async () => {
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from connections`.execute(
      world.db,
    );
    const free = 500 - (rows[0]?.count ?? 0);
    await world.run(`insert into connections (name, provider, encrypted, key_id, version, created_by, updated_by)
      select 'many-' || n, 'jira', '', '', 0, 'x', 'x' from generate_series(1, ${free}) as n`);
    expect(await one().add(names())).toBe(false);
    await world.run(`delete from connections where name like 'many-%'`);
    expect(await one().add(names())).toBe(true);
  });
});
