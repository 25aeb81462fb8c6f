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
