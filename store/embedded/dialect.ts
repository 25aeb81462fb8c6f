import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type { Session } from './session.ts';
import { type Statement, type Statements, statementsOn, valuesOf } from './statements.ts';

/**
 * How a database is asked. PGlite is one session, so a transaction has it for itself: what others ask meanwhile would become part of
 * it, be answered before it is committed, and be lost when it is rolled back. What a statement or a transaction changed is on the disk before it
 * is answered: others go on meanwhile, and are answered by the same call to the disk. `plain` prepares nothing, for the migrations, which ask each
 * text once.
 */
export async function dialectsOf(thread: Session): Promise<{ quick: Dialect; plain: Dialect }> {
  const values = await valuesOf(thread).catch(async (error) => {
    // Who is told of it frees the folder for others.
    await thread.close();
    throw error;
  });
  const kept = statementsOn(thread, values, true);
  const dialect = (statements: Statements): Dialect => ({
    // PGlite's own lets nobody ask before the one before has his answer: each commit would wait for the disk by itself.
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createDriver: () => driverOf(thread, statements, () => kept.prepare('begin')),
  });
  return { quick: dialect(kept), plain: dialect(statementsOn(thread, values, false)) };
}

function driverOf(
  thread: Session,
  { prepare, send }: Statements,
  prepareBegin: () => Promise<Statement>,
): Driver {
  /** Resolves when the transaction that has the session has ended. */
  let held: Promise<void> | undefined;
  /** The connections that have it, each with what ends its time. */
  const owners = new Map<DatabaseConnection, () => void>();
  /** Of these, whose transaction the database has not heard of: it begins in the message of its first statement. */
  const unbegun = new Map<DatabaseConnection, Statement>();

  /** Resolves when what was asked before is on its way. */
  let turn: Promise<unknown> = Promise.resolve();
  /** Transactions take their turns too: where one follows another, a statement alone would be passed by all of them. */
  function inTurn<T>(begin: () => T | Promise<T>): Promise<T> {
    const begun = turn.then(async () => {
      while (held) await held;
      return begin();
    });
    turn = begun.catch(() => undefined);
    return begun;
  }

  const hold = (connection: DatabaseConnection): Promise<void> =>
    inTurn(() => {
      held = new Promise((resolve) => {
        owners.set(connection, () => {
          held = undefined;
          owners.delete(connection);
          resolve();
        });
      });
    });

  /** What is asked before the end is answered before the end. */
  const underWay = new Set<Promise<unknown>>();
  function noted<T>(asked: Promise<T>): Promise<T> {
    underWay.add(asked);
    return asked.finally(() => underWay.delete(asked));
  }

  async function askAsOneOfMany({ sql, parameters }: CompiledQuery): Promise<QueryResult<never>> {
    // A new text is prepared first, and nothing overtakes it meanwhile.
    const { answer } = await inTurn(async () => ({ answer: send(await prepare(sql), parameters, true) }));
    return answer;
  }

  async function askInTransaction(
    connection: DatabaseConnection,
    { sql, parameters }: CompiledQuery,
  ): Promise<QueryResult<never>> {
    const prepared = await prepare(sql);
    const begin = unbegun.get(connection);
    unbegun.delete(connection);
    return send(prepared, parameters, false, begin);
  }

  const end = async (connection: DatabaseConnection, statement: 'commit' | 'rollback') => {
    // A commit that the disk did not take is followed by a rollback: the session may be another transaction's by then.
    if (!owners.has(connection)) return;
    let ended: Promise<unknown> | undefined;
    try {
      if (!unbegun.delete(connection)) ended = send(await prepare(statement), [], true);
    } finally {
      // What the next one asks comes after it. While it waits for the disk, others go on.
      owners.get(connection)?.();
    }
    await ended;
  };

  return {
    init: async () => {},
    async acquireConnection() {
      const connection: DatabaseConnection = {
        executeQuery: (query) =>
          noted(owners.has(connection) ? askInTransaction(connection, query) : askAsOneOfMany(query)),
        async *streamQuery() {
          yield* [];
          throw new Error('The embedded store gives its rows at once, and not as a stream');
        },
      };
      return connection;
    },
    async beginTransaction(connection) {
      await hold(connection);
      try {
        unbegun.set(connection, await prepareBegin());
      } catch (error) {
        owners.get(connection)?.();
        throw error;
      }
    },
    commitTransaction: (connection) => noted(end(connection, 'commit')),
    rollbackTransaction: (connection) => noted(end(connection, 'rollback')),
    releaseConnection: async () => {},
    async destroy() {
      await Promise.allSettled(underWay);
      await thread.close();
    },
  };
}
