import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Store } from '../store/store.ts';
import { type ControlMethods, isNobodyThere, request } from './control.ts';
import { CliFailure, exits } from './failure.ts';
import { secretsOf } from './masking.ts';
import { readSettings } from './settings.ts';
import type { Wiring } from './wiring.ts';

const event = z.object({
  subject: z.string().optional(),
  disposition: z.enum(['dispatched', 'duplicate', 'ignored', 'stale', 'parked']).optional(),
  before: z.number().int().optional(),
  limit: z.number().int().positive(),
});
const run = z.object({
  subject: z.string().optional(),
  live: z.boolean().optional(),
  before: z.string().optional(),
  limit: z.number().int().positive(),
});
const line = z.object({
  subject: z.string().optional(),
  actor: z.string().optional(),
  after: z.number().int().optional(),
  limit: z.number().int().positive(),
});

/** What the commands need of the store, whichever process holds it. */
export type StoreAccess = Pick<
  Store,
  | 'findEvent'
  | 'listEvents'
  | 'replay'
  | 'findRun'
  | 'listRuns'
  | 'readRecord'
  | 'verifyRecord'
  | 'checkpoints'
  | 'hashesAt'
>;

/** The store's functions as the process that holds it offers them to the commands. */
export function storeMethods(store: StoreAccess): ControlMethods {
  return {
    findEvent: async (id) => store.findEvent(z.string().parse(id)),
    listEvents: async (filter) => store.listEvents(stripped(event.parse(filter))),
    replay: async (seq, actor, via) =>
      store.replay(z.number().int().parse(seq), z.string().parse(actor), z.string().parse(via)),
    findRun: async (id) => store.findRun(z.string().parse(id)),
    listRuns: async (filter) => store.listRuns(stripped(run.parse(filter))),
    readRecord: async (filter) => store.readRecord(stripped(line.parse(filter))),
    verifyRecord: async () => store.verifyRecord(),
    checkpoints: async () => store.checkpoints(),
    hashesAt: async (seqs) => store.hashesAt(z.array(z.number().int()).parse(seqs)),
  };
}

type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** What is optional is either given or not there; a key that holds undefined is neither. */
function stripped<T extends object>(filter: T): Given<T> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as Given<T>;
}

/**
 * Gives `use` the store: the PostgreSQL store directly; an embedded one through the process that runs on it, or directly where
 * none does, since only one process can have it open.
 */
export async function withStore<Result>(
  { env, loadProviders }: Pick<Wiring, 'env' | 'loadProviders'>,
  use: (store: StoreAccess) => Promise<Result>,
): Promise<Result> {
  const providers = await loadProviders();
  const { databaseUrl, migrationDatabaseUrl, dataDir, storeFsync: fsync } = readSettings(env, providers);
  if (databaseUrl === undefined) {
    const isRunning = await request(dataDir, 'ping').then(
      () => true,
      (error: unknown) => {
        if (isNobodyThere(error)) return false;
        throw error;
      },
    );
    if (isRunning) return use(remoteStore(dataDir));
    if (!existsSync(dataDir))
      throw new CliFailure(`There is no data folder ${resolve(dataDir)}`, {
        why: 'Nothing has run there yet.',
        next: 'Run npm start, or point BATON_DATA_DIR or DATABASE_URL to where Baton keeps its data.',
        exit: exits.notFound,
      });
  }
  const { openStore } = await import('../store/open.ts');
  const store = await openStore({
    databaseUrl,
    migrationDatabaseUrl,
    dataDir,
    fsync,
    secrets: secretsOf(env, providers),
  });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** The same functions, carried out by the running process. Its answers are the store's own, so they are not parsed again. */
function remoteStore(dataDir: string): StoreAccess {
  const call =
    <Name extends keyof StoreAccess>(name: Name) =>
    (...parameters: Parameters<StoreAccess[Name]>) =>
      request(dataDir, name, ...parameters) as ReturnType<StoreAccess[Name]>;
  return {
    findEvent: call('findEvent'),
    listEvents: call('listEvents'),
    replay: call('replay'),
    findRun: call('findRun'),
    listRuns: call('listRuns'),
    readRecord: call('readRecord'),
    verifyRecord: call('verifyRecord'),
    checkpoints: call('checkpoints'),
    hashesAt: call('hashesAt'),
  };
}
