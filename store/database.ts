import {
  Kysely,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import { Pool, type PoolClient, types } from 'pg';
import { migrate } from './migrations.ts';
import type { Tables } from './tables.ts';

/** A connection to be made and a statement together stay within the 2 s in which a webhook must be answered. */
const connectWithinMs = 900;
const statementWithinMs = 900;
/** When the server does not even say that the time is over. */
const answerWithinMs = 1000;

const int8 = 20;

/** PostgreSQL, up to date. `url` is checked first, because errors of the parser below would show its password. */
export async function openPostgres(url: string): Promise<Kysely<Tables>> {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    throw new Error('DATABASE_URL is not an address of the form postgres://user:password@host:port/database');
  }
  // A migration may take longer than a statement in daily use, so it has a connection without those bounds.
  const starter = kyselyOf(new Pool({ ...settings(url), max: 1 }));
  try {
    await migrate(starter);
  } finally {
    await starter.destroy();
  }
  const bounds = { statement_timeout: statementWithinMs, query_timeout: answerWithinMs };
  return kyselyOf(new Pool({ ...settings(url), ...bounds, max: 10 }));
}

function settings(url: string) {
  return {
    connectionString: url,
    connectionTimeoutMillis: connectWithinMs,
    keepAlive: true,
    application_name: 'baton',
    types: {
      // Sequence numbers and counts stay far below 2^53.
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === int8 ? Number : types.getTypeParser(oid, format),
    },
  };
}

function kyselyOf(pool: Pool): Kysely<Tables> {
  // An idle connection that breaks is replaced by the pool; without a listener its error would end the process.
  pool.on('error', () => undefined);
  // So would that of one that breaks in use; its query is rejected besides, which is what counts.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const dialect = new PostgresDialect({
    pool: {
      options: pool.options,
      connect: async () => discardedWhenStuck(await pool.connect()),
      end: () => pool.end(),
    },
  });
  return new Kysely<Tables>({ dialect });
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
function discardedWhenStuck(client: PoolClient): PostgresPoolClient {
  let stuck = false;
  async function queryText(text: string, parameters: readonly unknown[]) {
    if (stuck) throw new Error('Connection terminated after a query without an answer');
    try {
      return await client.query({ name: nameOf(text), text, values: [...parameters] });
    } catch (error) {
      stuck = /^(Query read timeout|cached plan must not change)/.test((error as Error).message);
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
