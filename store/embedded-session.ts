import { setFlagsFromString } from 'node:v8';
import { type messages, PGlite, parse, protocol } from '@electric-sql/pglite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PGliteDialect,
  PostgresAdapter,
  type QueryResult,
} from 'kysely';
import { embeddedFiles } from './embedded-files.ts';

// When V8 frees code of WebAssembly that it has compiled anew, it aborts the process at times ("jit_page_->allocations_.erase(addr) == 1",
// https://github.com/nodejs/node/issues/64500). What is kept instead is a few megabytes, once.
setFlagsFromString('--no-wasm-code-gc');

const bytea = 17;
/** PGlite's own go byte by byte, and took most of the time of storing an event. */
const serializers = { [bytea]: (bytes: Uint8Array) => `\\x${Buffer.from(bytes).toString('hex')}` };
const parsers = { [bytea]: (text: string) => Buffer.from(text.slice(2), 'hex') };

/** The default, an eighth of a gigabyte, is for machines that do nothing else: it cost 150 MB, and half the time of a start. */
const postgresqlconf = [
  'shared_buffers=16MB',
  // Statements are planned once, when tables may be empty and reading them whole looks cheap. It would stay that way.
  'enable_seqscan=off',
  // Its defaults let a gigabyte of the log of changes pile up before it is used again.
  'min_wal_size=32MB',
  'max_wal_size=64MB',
];

/** A commit is on the disk before it is answered. By `fsync`: the other methods do nothing in PGlite. */
const durable = ['-c', 'fsync=on', '-c', 'wal_sync_method=fsync'];
/** The log of changes in files of 4 MB: of the usual 16 MB, two are most of a small store. */
const initDbStartParams = ['--wal-segsize=4'];

/** Makes an empty database in a folder. It takes seconds. */
export async function makeDatabase(folder: string): Promise<void> {
  const pglite = await PGlite.create({ fs: embeddedFiles(folder).fs, initDbStartParams });
  await pglite.close();
}

/**
 * Opens the database of a folder. `session` is how the store asks it. PGlite is one session, so a transaction has it for itself: what
 * others ask meanwhile would become part of it, be answered before it is committed, and be lost when it is rolled back. What a
 * statement or a transaction changed is on the disk (`synced`) before it is answered: others go on meanwhile, and are answered by the
 * same call to the disk. `plain` is PGlite's own way, for the migrations, which come before all else.
 */
export async function openSession(
  folder: string,
  fsync: boolean,
): Promise<{ session: Dialect; plain: Dialect; synced: () => Promise<void> }> {
  const startParams = [
    ...PGlite.defaultStartParams.filter((flag) => flag !== '-F' || !fsync),
    ...(fsync ? durable : []),
  ];
  const { fs, synced } = embeddedFiles(folder);
  const pglite: PGlite = await PGlite.create({ fs, serializers, parsers, postgresqlconf, startParams });
  const plain = new PGliteDialect({ pglite });
  const session = {
    // PGlite's own lets nobody ask before the one before has his answer: each commit would wait for the disk by itself.
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db: Kysely<unknown>) => plain.createIntrospector(db),
    createQueryCompiler: () => plain.createQueryCompiler(),
    createDriver: () => driverOf(pglite, synced),
  };
  return { session, plain, synced };
}

type Ask = (query: CompiledQuery) => Promise<QueryResult<never>>;

function driverOf(pglite: PGlite, synced: () => Promise<void>): Driver {
  const ask = preparing(pglite);
  /** Resolves when the transaction that has the session has ended. */
  let held: Promise<void> | undefined;
  /** The connections that have it, each with what ends its time. */
  const owners = new Map<DatabaseConnection, () => void>();

  async function hold(connection: DatabaseConnection): Promise<void> {
    while (held) await held;
    held = new Promise((resolve) => {
      owners.set(connection, () => {
        held = undefined;
        owners.delete(connection);
        resolve();
      });
    });
  }

  async function askAsOneOfMany(query: CompiledQuery): Promise<QueryResult<never>> {
    while (held) await held;
    const result = await ask(query);
    await synced();
    return result;
  }

  const end = async (connection: DatabaseConnection, statement: 'commit' | 'rollback') => {
    // A commit that the disk did not take is followed by a rollback: the session may be another transaction's by then.
    if (!owners.has(connection)) return;
    try {
      await ask(CompiledQuery.raw(statement));
    } finally {
      owners.get(connection)?.();
    }
    await synced();
  };

  return {
    init: async () => {},
    async acquireConnection() {
      const connection: DatabaseConnection = {
        executeQuery: (query) => (owners.has(connection) ? ask(query) : askAsOneOfMany(query)),
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
        await ask(CompiledQuery.raw('begin'));
      } catch (error) {
        owners.get(connection)?.();
        throw error;
      }
    },
    commitTransaction: (connection) => end(connection, 'commit'),
    rollbackTransaction: (connection) => end(connection, 'rollback'),
    releaseConnection: async () => {},
    destroy: () => pglite.close(),
  };
}

/** A text that PGlite has parsed, and plans once for all its values. */
interface Statement {
  name: string;
  /** The types of its parameters, by number (OID). */
  parameters: number[];
  /** Tells the columns of the rows; missing where it gives none. */
  columns: messages.RowDescriptionMessage | undefined;
}

/**
 * Asks with each text parsed and planned once. PGlite's own `query` does both every time, which took half the time of our
 * statements. Texts never hold values here, so there are few of them.
 */
function preparing(pglite: PGlite): Ask {
  const statements = new Map<string, Statement>();

  async function prepare(text: string): Promise<Statement> {
    const name = `s${statements.size + 1}`;
    const { messages } = await send([
      protocol.serialize.parse({ name, text }),
      protocol.serialize.describe({ type: 'S', name }),
    ]);
    const columns = messages.find((message) => message.name === 'rowDescription');
    const statement = {
      name,
      parameters: parse.parseDescribeStatementResults(messages),
      columns: columns as messages.RowDescriptionMessage | undefined,
    };
    statements.set(text, statement);
    return statement;
  }

  /** In one message that ends with a sync, so that what follows an error is skipped and the next statement finds all in order. */
  const send = (parts: Uint8Array[]) =>
    pglite.execProtocol(Buffer.concat([...parts, protocol.serialize.sync()]), { syncToFs: false });

  return ({ sql, parameters: values }) =>
    pglite.runExclusive(async () => {
      const { name, parameters, columns } = statements.get(sql) ?? (await prepare(sql));
      const texts = values.map((value, place) => textOf(pglite, value, parameters[place]));
      const { messages } = await send([
        protocol.serialize.bind({ statement: name, values: texts }),
        protocol.serialize.execute({}),
      ]);
      const [result] = parse.parseResults(columns ? [columns, ...messages] : messages, pglite.parsers);
      const changed = result?.affectedRows;
      return {
        rows: (result?.rows ?? []) as never[],
        ...(changed === undefined ? {} : { numAffectedRows: BigInt(changed) }),
      };
    });
}

function textOf({ serializers }: PGlite, value: unknown, type: number | undefined): string | null {
  if (value === null || value === undefined) return null;
  const serialize = type === undefined ? undefined : serializers[type];
  return serialize ? serialize(value) : String(value);
}
