import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { z } from 'zod';
import type { AnyProvider } from '../activities/provider.ts';
import { authorityOf } from '../secrets/authority.ts';
import { learningScrubber, type Scrub } from '../secrets/scrub.ts';
import { isPrivate } from '../server/address.ts';
import { type OperationNamed, type Operations, operations } from '../server/operations/index.ts';
import type { AnyOperation, World } from '../server/operations/operation.ts';
import { perform } from '../server/operations/perform.ts';
import { Refusal } from '../server/refusal.ts';
import type { Store } from '../store/store.ts';
import { taskQueue } from '../worker/worker.ts';
import { connectionsIn, noConnections } from './connections.ts';
import { isNobodyThere, request } from './control.ts';
import { CliFailure, exits, failureOf } from './failure.ts';
import { askOverHttp } from './http-door.ts';
import { secretsOf } from './masking.ts';
import { payloadKeysOf, secretKeyOf } from './secret-key.ts';
import { readSettings, type Settings } from './settings.ts';
import { lazyClient } from './temporal-client.ts';
import type { Wiring } from './wiring.ts';
import { worldOf } from './world.ts';

/**
 * Asks for an operation by its name, wherever it is carried out. What is refused is thrown as a `CliFailure`. Under the same `key` what makes
 * one thing makes no second one.
 */
export type Ask = <Name extends Operations['name']>(
  name: Name,
  input: z.input<OperationNamed<Name>['input']>,
  key?: string,
) => Promise<z.output<OperationNamed<Name>['output']>>;

/**
 * Gives `use` a way to operations: over HTTP where BATON_API_URL says so; through the process that runs on the data folder, since only
 * one can have an embedded store open; else here, on the store that is opened when it is first needed.
 */
export async function withDoor<Result>(wiring: Wiring, use: (ask: Ask) => Promise<Result>): Promise<Result> {
  const running = await findRunning(wiring);
  if (running) return use(running.ask);
  const providers = await wiring.loadProviders();
  const { world, close } = worldHere(wiring, readSettings(wiring.env, providers), providers);
  try {
    return await use(((name, input, key) => performHere(world, name, input, key)) as Ask);
  } finally {
    await close();
  }
}

/** The Baton that runs: where it is, in words, and how it is asked. Undefined: none is to be reached from here. */
export async function findRunning(wiring: Wiring): Promise<{ where: string; ask: Ask } | undefined> {
  const { BATON_API_URL: url, BATON_API_TOKEN: token } = wiring.env;
  if (url) {
    const door = httpDoor(url, token);
    return { where: `the Baton at ${new URL(url).host}`, ask: askOverHttp(door) as Ask };
  }
  const { databaseUrl, dataDir } = readSettings(wiring.env, await wiring.loadProviders());
  if (databaseUrl !== undefined || !(await isSomebodyThere(dataDir))) return undefined;
  return {
    where: `the Baton that runs on ${resolve(dataDir)}`,
    ask: ((name, input, key) => request(dataDir, 'perform', name, input, key)) as Ask,
  };
}

function httpDoor(text: string, token: string | undefined): { url: string; token: string } {
  const url = URL.parse(text);
  const complaint =
    url === null || !isPrivate(url)
      ? 'BATON_API_URL is not an https:// address (plain http:// is taken on this machine only)'
      : !token
        ? 'BATON_API_URL is set, and BATON_API_TOKEN is not'
        : undefined;
  if (complaint !== undefined)
    throw new CliFailure(complaint, {
      next: 'Set both, or neither to ask the Baton of the data folder or of DATABASE_URL.',
      exit: exits.usage,
    });
  return { url: text, token: token ?? '' };
}

/** Whether a process answers for the data folder. */
const isSomebodyThere = (dataDir: string): Promise<boolean> =>
  request(dataDir, 'ping').then(
    () => true,
    (error: unknown) => {
      if (isNobodyThere(error)) return false;
      throw error;
    },
  );

/** Carries out an operation in this process for its own user, who may do everything: whoever is this user can also read all its files. */
export async function performHere(
  world: World,
  name: unknown,
  input: unknown,
  key?: unknown,
): Promise<unknown> {
  const operation = (operations as readonly AnyOperation[]).find((each) => each.name === name);
  if (!operation)
    throw new CliFailure(`The running Baton knows no operation "${name}": is it of another version?`);
  const principal = { kind: 'person', name: userInfo().username, role: 'admin' } as const;
  const idempotencyKey = typeof key === 'string' ? key : undefined;
  return perform(operation, input, { ...world, principal, via: 'cli', idempotencyKey }).catch(
    (error: unknown) => {
      throw error instanceof Refusal ? failureOf(error) : error;
    },
  );
}

/** What operations work on in a process of its own, with nothing running beside it. */
function worldHere(
  wiring: Wiring,
  settings: Settings,
  providers: readonly AnyProvider[],
): { world: World; close(): Promise<void> } {
  const { env } = wiring;
  const { scrub, learn } = learningScrubber(secretsOf(env, providers));
  let opened: Promise<Store> | undefined;
  const open = () => {
    opened ??= openHere(settings, scrub);
    return opened;
  };
  // Before anything has run there are no connections, and no trigger is lowered: what needs no more than that goes on.
  const isNew = settings.databaseUrl === undefined && !existsSync(settings.dataDir);
  const store = lazily(open, isNew ? { lowerings: async () => [] } : {});
  const connections = isNew
    ? noConnections
    : lazily(async () => connectionsIn(store, secretKeyOf(settings), settings, { env, providers }, learn));
  const { temporal, secretKey } = settings;
  const reached =
    temporal && secretKey !== undefined
      ? lazyClient(temporal, payloadKeysOf(secretKey, settings))
      : undefined;
  return {
    world: {
      ...worldOf(wiring, { store, connections, providers, settings, env }),
      ...(reached && secretKey !== undefined
        ? {
            runs: { client: reached.client, taskQueue, eagerStart: false, authority: authorityOf(secretKey) },
          }
        : {}),
    },
    async close() {
      await reached?.close();
      await (await opened)?.close();
    },
  };
}

async function openHere(
  { databaseUrl, migrationDatabaseUrl, dataDir, storeFsync: fsync }: Settings,
  scrub: Scrub,
): Promise<Store> {
  if (databaseUrl === undefined && !existsSync(dataDir))
    throw new CliFailure(`There is no data folder ${resolve(dataDir)}`, {
      why: 'Nothing has run there yet.',
      next: 'Run npm start, or point BATON_DATA_DIR, DATABASE_URL or BATON_API_URL to where Baton is.',
      exit: exits.notFound,
    });
  const { openStore } = await import('../store/open.ts');
  return openStore({ databaseUrl, migrationDatabaseUrl, dataDir, fsync, scrub });
}

/** Something whose functions are all asynchronous, opened at the first call of one that is not `known`: what needs none asks for none. */
function lazily<Opened extends object>(open: () => Promise<Opened>, known: Partial<Opened> = {}): Opened {
  return new Proxy({} as Opened, {
    get:
      (_, name: string) =>
      async (...given: unknown[]) =>
        ((name in known ? known : await open()) as Record<string, (...given: unknown[]) => unknown>)[name]?.(
          ...given,
        ),
  });
}
