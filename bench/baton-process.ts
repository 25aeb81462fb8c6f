/**
 * Baton, all in one process, with the benchmark's trigger and workflow: receiver, inbox, dispatcher, worker, record; or a server or a
 * worker alone (`BENCH_PART`). Told by its environment where Temporal, the store and the providers are; it says `ready <url>` on stdout.
 */
import { resolve } from 'node:path';
import { beginDatabase } from '../store/embedded/begin.ts';
import { lockFolder } from '../store/embedded/lock.ts';
import { compiledDatabase } from '../store/embedded/pglite.ts';

// As `baton start` does: the store is begun first, and the rest is loaded meanwhile.
const { BATON_DATA_DIR = '', DATABASE_URL, BATON_STORE_FSYNC } = process.env;
const isEmbedded = DATABASE_URL === undefined;
if (isEmbedded) await lockFolder(resolve(BATON_DATA_DIR));
const database = isEmbedded
  ? beginDatabase(BATON_DATA_DIR, { fsync: BATON_STORE_FSYNC !== 'off' })
  : undefined;
if (database) await compiledDatabase();
const { startRest } = await import('./baton-rest.ts');
await startRest(database);
