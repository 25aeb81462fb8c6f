import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type messages, PGlite, parse, protocol } from '@electric-sql/pglite';
import { Kysely, PGliteDialect, type PGliteDialectConfig, sql } from 'kysely';
import { watchedDialect } from './driver.ts';
import { embeddedFiles } from './embedded-files.ts';
import { secureDataFolder } from './folder.ts';
import { lockFolder } from './lock.ts';
import { migrate } from './migrations.ts';
import { type OutageListener, watchOutages } from './outage.ts';
import { spaceGate } from './space.ts';
import type { Tables } from './tables.ts';

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

export interface EmbeddedOptions {
  /** False: what was committed in the last moments may be lost in a power cut. Default true. */
  fsync?: boolean | undefined;
  listener?: OutageListener | undefined;
}

/** The embedded database in `<dataDir>/store`. `release` frees the folder, after the database was closed. Throws `DataFolderInUse`, `DataFolderUnsafe`. */
export async function openEmbedded(
  dataDir: string,
  { fsync = true, listener }: EmbeddedOptions = {},
): Promise<{ db: Kysely<Tables>; release: () => void; checkSpace: () => void }> {
  secureDataFolder(dataDir);
  const release = await lockFolder(dataDir);
  try {
    const folder = join(dataDir, 'store');
    if (!existsSync(folder)) await prepareFolder(folder);
    const startParams = [
      ...PGlite.defaultStartParams.filter((flag) => flag !== '-F' || !fsync),
      ...(fsync ? durable : []),
    ];
    const fs = embeddedFiles(folder);
    const pglite: PGlite = await PGlite.create({ fs, serializers, parsers, postgresqlconf, startParams });
    const space = spaceGate(dataDir);
    const dialect = new PGliteDialect({ pglite: prepared(pglite) });
    const db = new Kysely<Tables>({ dialect: watchedDialect(dialect, watchOutages(listener), space.gate) });
    try {
      await migrate(new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) }));
      await takeStock(db);
    } catch (error) {
      await db.destroy();
      throw error;
    }
    return { db, release, checkSpace: space.check };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * Making a database takes seconds, and one that was interrupted in it never opens again. So it is made under another name, and
 * renamed when it is complete.
 */
async function prepareFolder(folder: string): Promise<void> {
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const pglite = await PGlite.create({ fs: embeddedFiles(unfinished), initDbStartParams });
  await pglite.close();
  renameSync(unfinished, folder);
}

/**
 * This process has the database for itself, so leases of an earlier one are void. And nothing vacuums by itself here: rows that were
 * changed or removed would fill the tables that change most.
 */
async function takeStock(db: Kysely<Tables>): Promise<void> {
  await sql`update inbox set leased_by = null, leased_until = null where disposition is null`.execute(db);
  await sql`vacuum (analyze) inbox, runs, effects, record_queue`.execute(db);
}

type Queries = Extract<PGliteDialectConfig['pglite'], { query: unknown }>;

/** A text that PGlite has parsed, and plans once for all its values. */
interface Statement {
  name: string;
  /** The types of its parameters, by number (OID). */
  parameters: number[];
  /** Tells the columns of the rows; missing where it gives none. */
  columns: messages.RowDescriptionMessage | undefined;
}

/**
 * The embedded database as the query builder takes it, with each text parsed and planned once. PGlite's own `query` does both
 * every time, which took half the time of our statements. Texts never hold values here, so there are few of them.
 */
function prepared(pglite: PGlite): Queries {
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

  const query: Queries['query'] = (text, values = []) =>
    pglite.runExclusive(async () => {
      const { name, parameters, columns } = statements.get(text) ?? (await prepare(text));
      const texts = values.map((value, place) => textOf(pglite, value, parameters[place]));
      const { messages } = await send([
        protocol.serialize.bind({ statement: name, values: texts }),
        protocol.serialize.execute({}),
      ]);
      const [result] = parse.parseResults(columns ? [columns, ...messages] : messages, pglite.parsers);
      return (result ?? { rows: [], fields: [] }) as never;
    });

  return {
    query,
    transaction: (callback) =>
      pglite.transaction((transaction) => callback({ query, rollback: () => transaction.rollback() })),
    close: () => pglite.close(),
    waitReady: pglite.waitReady,
    get ready() {
      return pglite.ready;
    },
    get closed() {
      return pglite.closed;
    },
  };
}

function textOf({ serializers }: PGlite, value: unknown, type: number | undefined): string | null {
  if (value === null || value === undefined) return null;
  const serialize = type === undefined ? undefined : serializers[type];
  return serialize ? serialize(value) : String(value);
}
