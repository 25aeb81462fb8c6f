import type { CompiledQuery, DatabaseConnection, Dialect, Driver } from 'kysely';
import { storeError } from './errors.ts';
import type { OutageWatch } from './outage.ts';

/** Rejects with `StoreUnavailable` what must not reach the database now. */
export type Gate = (sql: string) => void;

/**
 * The dialect with every statement's failure given its meaning (`storeError`), and told to `watch`. It stands around the driver, so that
 * no query can forget it. `gate` is asked before each statement.
 */
export function watchedDialect(dialect: Dialect, watch: OutageWatch, gate: Gate = () => undefined): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => watchedDriver(dialect.createDriver(), watch, gate),
  };
}

function watchedDriver(driver: Driver, watch: OutageWatch, gate: Gate): Driver {
  const watched = new WeakSet<DatabaseConnection>();

  async function ask<T>(sql: string, asked: () => Promise<T>): Promise<T> {
    try {
      gate(sql);
      const answer = await asked();
      watch.worked(sql);
      return answer;
    } catch (error) {
      throw watch.failed(storeError(error));
    }
  }

  /** The driver knows its connections by themselves, so one is changed and not wrapped. */
  function watchConnection(connection: DatabaseConnection): void {
    if (watched.has(connection)) return;
    watched.add(connection);
    const execute = connection.executeQuery.bind(connection);
    connection.executeQuery = <Row>(query: CompiledQuery, options?: Parameters<typeof execute>[1]) =>
      ask(query.sql, () => execute<Row>(query, options));
  }

  return {
    init: (options) => ask('', () => driver.init(options)),
    async acquireConnection(options) {
      try {
        const connection = await driver.acquireConnection(options);
        watchConnection(connection);
        return connection;
      } catch (error) {
        throw watch.failed(storeError(error));
      }
    },
    beginTransaction: (connection, settings) => ask('', () => driver.beginTransaction(connection, settings)),
    commitTransaction: (connection) => ask('', () => driver.commitTransaction(connection)),
    rollbackTransaction: (connection) => ask('', () => driver.rollbackTransaction(connection)),
    releaseConnection: (connection, options) => driver.releaseConnection(connection, options),
    destroy: (options) => driver.destroy(options),
  };
}
