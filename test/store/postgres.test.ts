import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import { startPostgres } from './postgres.ts';
import { delivery, entry } from './world.ts';

const postgres = await startPostgres();
const open = (databaseUrl: string) => openStore({ databaseUrl, dataDir: '/nowhere' });

describe.skipIf(!postgres)('the store on PostgreSQL', () => {
  const stores: Store[] = [];
  const opened = async (url = postgres?.url ?? '') => {
    const store = await open(url);
    stores.push(store);
    return store;
  };
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  afterAll(() => postgres?.stop());

  it('is made once by processes that start at the same moment', async () => {
    const url = (await postgres?.newDatabase()) ?? '';
    const [one, two] = await Promise.all([opened(url), opened(url), opened(url)]);
    const given = delivery();
    const receipts = await Promise.all([one.receive(given), two.receive(given)]);
    expect(receipts.filter(({ duplicate }) => duplicate)).toHaveLength(1);
  });

  it('takes an event that comes 100 times at two servers once', async () => {
    const [one, two] = await Promise.all([opened(), opened()]);
    const given = delivery();
    const receipts = await Promise.all(
      Array.from({ length: 100 }, (_, n) => (n % 2 ? one : two).receive(given)),
    );
    expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await opened().then((third) => third.receive(given))).toMatchObject({ duplicate: true });
  });

  it('goes on while a newer version changes the tables beside it', async () => {
    const url = (await postgres?.newDatabase()) ?? '';
    const store = await opened(url);
    await store.listRuns({ limit: 1 });
    const newer = new Client(url);
    await newer.connect();
    await newer.query('alter table runs add column note text');
    await newer.end();
    expect(await store.listRuns({ limit: 1 })).toEqual([]);
  });

  it('shows numbers as numbers', async () => {
    const store = await opened();
    const { seq } = await store.receive(delivery());
    expect(seq).toBeTypeOf('number');
    expect((await store.backlog()).pending).toBeTypeOf('number');
  });

  it('does not show a password in an error', async () => {
    for (const url of ['postgres://ada:hunter2@127.0.0.1:1/x', 'hunter2', 'postgres://ada:hunter2@[/x']) {
      const error = await open(url).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(`${error} ${JSON.stringify(error)}`).not.toContain('hunter2');
    }
  });

  it('answers within 2 s when nothing answers at its address', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const start = performance.now();
    await expect(open(`postgres://ada@127.0.0.1:${port}/x`)).rejects.toThrow(StoreUnavailable);
    expect(performance.now() - start).toBeLessThan(2000);
    silent.close();
  });

  describe.skipIf(!postgres?.faults)('when the server fails', () => {
    const faults = postgres?.faults;

    /** All of them reject with `StoreUnavailable`, in time. */
    async function expectUnavailable(...calls: (() => Promise<unknown>)[]) {
      const start = performance.now();
      const results = await Promise.allSettled(calls.map((call) => call()));
      expect(performance.now() - start).toBeLessThan(2000);
      for (const result of results) {
        expect(result).toEqual({ status: 'rejected', reason: expect.any(StoreUnavailable) });
      }
    }

    async function expectHealthySoon(store: Store) {
      const start = performance.now();
      for (;;) {
        const well = await store.ping().then(
          () => true,
          () => false,
        );
        if (well) break;
        expect(performance.now() - start).toBeLessThan(5000);
        await wait(20);
      }
      // As many at once as there are connections, so that none of them is a broken one.
      await Promise.all(Array.from({ length: 10 }, () => store.ping()));
      expect(await store.receive(delivery())).toMatchObject({ duplicate: false });
    }

    it('says so within 2 s while it is stopped, and works again when it is back', async () => {
      const store = await opened();
      const given = delivery();
      await store.receive(given);
      await faults?.crash();
      await expectUnavailable(
        () => store.ping(),
        () => store.receive(delivery()),
        () => store.append([entry()]),
      );
      await faults?.restart();
      await expectHealthySoon(store);
      expect(await store.receive(given)).toMatchObject({ duplicate: true });
    });

    it('says so within 2 s while it hangs, and works again when it goes on', async () => {
      const store = await opened();
      await Promise.all(Array.from({ length: 10 }, () => store.ping()));
      faults?.freeze();
      await expectUnavailable(
        () => store.ping(),
        ...Array.from({ length: 30 }, () => () => store.receive(delivery())),
      );
      faults?.thaw();
      await expectHealthySoon(store);
    });

    it('says so while it is read-only', async () => {
      const url = (await postgres?.newDatabase()) ?? '';
      const store = await opened(url);
      await store.close();
      const settings = 'options=-c default_transaction_read_only=on';
      const readOnly = await opened(`${url}?${encodeURI(settings)}`);
      await expectUnavailable(
        () => readOnly.ping(),
        () => readOnly.receive(delivery()),
      );
      await expect(readOnly.receive(delivery())).rejects.toThrow('read-only');
    });

    it('gives up on a statement that waits for a lock', async () => {
      const url = (await postgres?.newDatabase()) ?? '';
      const store = await opened(url);
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query('begin; lock table inbox');
      await expectUnavailable(() => store.receive(delivery()));
      await client.query('rollback');
      await client.end();
      await expectHealthySoon(store);
    });
  });
});
