import {
  Kysely,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import { Pool, type PoolClient, types } from 'pg';
import { watchedDialect } from './driver.ts';
import { migrate } from './migrations.ts';
import { type OutageListener, watchOutages } from './outage.ts';
import type { Tables } from './tables.ts';

/** A connection to be made and a statement together stay within the 2 s in which a webhook must be answered. */
const connectWithinMs = 900;
const statementWithinMs = 900;
/** When the server does not even say that the time is over. */
const answerWithinMs = 1000;
/** So that the message names the lock, and not only the time. */
const lockWithinMs = 600;
/**
 * A process that halts or whose host dies in the middle of a transaction keeps its locks until the server ends the session. None of
 * ours waits in a transaction for anything but the database.
 */
const idleInTransactionMs = 3_000;
/** Of a migration, which may be waited for by processes that start. */
const idleInMigrationMs = 30_000;
const keepAliveAfterMs = 10_000;
/**
 * The server's side of the same: it learns within about 20 s that nobody is there to take an answer. And it compiles no statement: ours read a
 * few rows, and where its guess is high it would compile for ten times as long as they run.
 */
const serverSettings =
  '-c tcp_user_timeout=20000 -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3 -c jit=off';

const int8 = 20;

/** PostgreSQL, up to date. `url` is checked first, because errors of the parser below would show its password. */
export async function openPostgres(url: string, listener?: OutageListener): Promise<Kysely<Tables>> {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    throw new Error('DATABASE_URL is not an address of the form postgres://user:password@host:port/database');
  }
  // A migration may take longer than a statement in daily use, so it has a connection without those bounds.
  const patience = { idle_in_transaction_session_timeout: idleInMigrationMs };
  const starter = kyselyOf(new Pool({ ...settings(url), ...patience, max: 1 }));
  try {
    await migrate(starter);
  } finally {
    await starter.destroy();
  }
  const bounds = {
    statement_timeout: statementWithinMs,
    query_timeout: answerWithinMs,
    lock_timeout: lockWithinMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
  };
  return kyselyOf(new Pool({ ...settings(url), ...bounds, max: 10 }), listener);
}

/** An address may bring options of its own, and they win. */
function withServerSettings(url: string): string {
  const changed = new URL(url);
  const own = changed.searchParams.get('options');
  changed.searchParams.set('options', own === null ? serverSettings : `${serverSettings} ${own}`);
  return changed.href;
}

function settings(url: string) {
  return {
    connectionString: withServerSettings(url),
    connectionTimeoutMillis: connectWithinMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterMs,
    application_name: 'baton',
    types: {
      // Sequence numbers and counts stay far below 2^53.
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === int8 ? Number : types.getTypeParser(oid, format),
    },
  };
}

function kyselyOf(pool: Pool, listener?: OutageListener): Kysely<Tables> {
  // An idle connection that breaks is replaced by the pool; without a listener its error would end the process.
  pool.on('error', () => undefined);
  // So would that of one that breaks in use; its query is rejected besides, which is what counts.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const ages = new WeakMap<PoolClient, number>();
  let age = 0;
  pool.on('connect', (client) => ages.set(client, age));
  /** Where one connection gave no answer, those made before it are likely to be as dead: each would cost its own wait. */
  async function connect(): Promise<PostgresPoolClient> {
    for (;;) {
      const client = await pool.connect();
      const made = ages.get(client) ?? age;
      if (made >= age)
        return discardedWhenStuck(client, () => {
          if (made === age) age += 1;
        });
      client.release(true);
    }
  }
  const dialect = new PostgresDialect({ pool: { options: pool.options, connect, end: () => pool.end() } });
  return new Kysely<Tables>({ dialect: watchedDialect(dialect, watchOutages(listener)) });
}

/** Texts never hold values here, so there are few of them, and each connection parses and plans a text once. */
const names = new Map<string, string>();

function nameOf(text: string): string {
  const name = names.get(text) ?? `baton_${names.size + 1}`;
  names.set(text, name);
  return name;
}

/**
 * A query that got no answer in time still occupies its connection, half-open perhaps for many minutes. Back in the pool it would
 * hold up whoever is given it next, so it is closed instead. So is one whose plans are out of date, after a migration by a newer
 * version beside this one.
 */
function discardedWhenStuck(client: PoolClient, onSilence: () => void): PostgresPoolClient {
  let stuck = false;
  async function queryText(text: string, parameters: readonly unknown[]) {
    if (stuck) throw new Error('Connection terminated after a query without an answer');
    try {
      return await client.query({ name: nameOf(text), text, values: [...parameters] });
    } catch (error) {
      const { message } = error as Error;
      stuck = /^(Query read timeout|cached plan must not change)/.test(message);
      if (message.startsWith('Query read timeout')) onSilence();
      throw error;
    }
  }
  function query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query(text: string | PostgresCursor<unknown>, parameters: readonly unknown[] = []): unknown {
    if (typeof text !== 'string') throw new Error('Cursors are not used here');
    return queryText(text, parameters);
  }
  return { query, release: (destroy) => client.release(destroy || stuck) };
}
