import { sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { embeddedWorld } from '../store/world.ts';

it('a statement beside a transaction is no part of it: it waits, and survives its rollback', async () => {
  const { db, close } = await embeddedWorld();
  onTestFinished(close);
  const incident = (id: string) =>
    sql`insert into incidents (id, status, seen_at) values (${id}, 'triggered', now())`;
  const steps: string[] = [];
  let beside: Promise<unknown> | undefined;
  const transaction = db.transaction().execute(async (own) => {
    await incident('QOWN').execute(own);
    beside = incident('QBESIDE')
      .execute(db)
      .then(() => steps.push('beside'));
    await sql`select pg_sleep(0.05)`.execute(own);
    steps.push('transaction');
    throw new Error('It is rolled back');
  });
  await expect(transaction).rejects.toThrow('rolled back');
  await beside;
  expect(steps).toEqual(['transaction', 'beside']);
  const { rows } = await sql<{ id: string }>`select id from incidents`.execute(db);
  expect(rows).toEqual([{ id: 'QBESIDE' }]);
});

it('transactions have the session one after the other', async () => {
  const { db, close } = await embeddedWorld();
  onTestFinished(close);
  await sql`insert into incidents (id, status, seen_at) values ('Q1', '0', now())`.execute(db);
  const addOne = () =>
    db.transaction().execute(async (own) => {
      const { rows } = await sql<{ status: string }>`select status from incidents`.execute(own);
      await sql`select pg_sleep(0.001)`.execute(own);
      await sql`update incidents set status = ${String(Number(rows[0]?.status) + 1)}`.execute(own);
    });
  await Promise.all(Array.from({ length: 20 }, addOne));
  const { rows } = await sql`select status from incidents`.execute(db);
  expect(rows).toEqual([{ status: '20' }]);
});

it('a transaction begins with its first statement, and one that fails at it or asks nothing leaves the session as it was', async () => {
  const { db, close } = await embeddedWorld();
  onTestFinished(close);
  const incident = (id: string) =>
    sql`insert into incidents (id, status, seen_at) values (${id}, 'triggered', now())`;
  const ids = async () =>
    (await sql<{ id: string }>`select id from incidents order by id`.execute(db)).rows.map(({ id }) => id);
  await incident('QTHERE').execute(db);

  const taken = db.transaction().execute((own) => incident('QTHERE').execute(own));
  await expect(taken).rejects.toMatchObject({ code: '23505' });
  const unreadable = db.transaction().execute((own) => sql`select nothing from nowhere`.execute(own));
  await expect(unreadable).rejects.toMatchObject({ code: '42P01' });
  await db.transaction().execute(async () => undefined);
  await expect(
    db.transaction().execute(async () => {
      throw new Error('Before it asks');
    }),
  ).rejects.toThrow('Before it asks');
  const caught = db.transaction().execute(async (own) => {
    await incident('QTHERE')
      .execute(own)
      .catch(() => undefined);
    await incident('QAFTER').execute(own);
  });
  await expect(caught).rejects.toMatchObject({ code: '25P02' });
  expect(await ids()).toEqual(['QTHERE']);

  const { rows: first } = await db
    .transaction()
    .execute((own) =>
      sql<{ id: string }>`update incidents set status = 'resolved' returning id`.execute(own),
    );
  expect(first).toEqual([{ id: 'QTHERE' }]);
  await db.transaction().execute(async (own) => {
    await Promise.all(['QONE', 'QTWO'].map((id) => incident(id).execute(own)));
  });
  expect(await ids()).toEqual(['QONE', 'QTHERE', 'QTWO']);
});
