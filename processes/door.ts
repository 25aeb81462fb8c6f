import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { z } from 'zod';
import { authorityOf } from '../secrets/authority.ts';
import { isPrivate } from '../server/address.ts';
import { type OperationNamed, type Operations, operations } from '../server/operations/index.ts';
import type { AnyOperation, World } from '../server/operations/operation.ts';
import { perform } from '../server/operations/perform.ts';
import { Refusal } from '../server/refusal.ts';
import type { Store } from '../store/store.ts';
import { taskQueue } from '../worker/worker.ts';
import { isNobodyThere, request } from './control.ts';
import { CliFailure, exits, failureOf } from './failure.ts';
import { askOverHttp } from './http-door.ts';
import { readSettings, type Settings, secretsOf, shownSettings } from './settings.ts';
import { lazyClient } from './temporal-client.ts';
import type { Wiring } from './wiring.ts';

/** Asks for an operation by its name, wherever it is carried out. What is refused is thrown as a `CliFailure`. */
export type Ask = <Name extends Operations['name']>(
  name: Name,
  input: z.input<OperationNamed<Name>['input']>,
) => Promise<z.output<OperationNamed<Name>['output']>>;

/**
 * Gives `use` a way to operations: over HTTP where BATON_API_URL says so; through the process that runs on the data folder, since only
 * one can have an embedded store open; else here, on the store that is opened when it is first needed.
 */
export async function withDoor<Result>(wiring: Wiring, use: (ask: Ask) => Promise<Result>): Promise<Result> {
  const { BATON_API_URL: url, BATON_API_TOKEN: token } = wiring.env;
  if (url) return use(askOverHttp(httpDoor(url, token)) as Ask);
  const settings = readSettings(wiring.env);
  if (settings.databaseUrl === undefined && (await isSomebodyThere(settings.dataDir)))
    return use(((name, input) => request(settings.dataDir, 'perform', name, input)) as Ask);
  const { world, close } = worldHere(wiring, settings);
  try {
    return await use(((name, input) => performHere(world, name, input)) as Ask);
  } finally {
    await close();
  }
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
export async function performHere(world: World, name: unknown, input: unknown): Promise<unknown> {
  const operation = (operations as readonly AnyOperation[]).find((each) => each.name === name);
  if (!operation)
    throw new CliFailure(`The running Baton knows no operation "${name}": is it of another version?`);
  const principal = { kind: 'person', name: userInfo().username, role: 'admin' } as const;
  return perform(operation, input, { ...world, principal, via: 'cli' }).catch((error: unknown) => {
    throw error instanceof Refusal ? failureOf(error) : error;
  });
}

/** What operations work on in a process of its own, with nothing running beside it. */
function worldHere(wiring: Wiring, settings: Settings): { world: World; close(): Promise<void> } {
  let opened: Promise<Store> | undefined;
  const open = () => {
    opened ??= openHere(wiring.env, settings);
    return opened;
  };
  const { temporal, secretKey } = settings;
  const reached = temporal && secretKey !== undefined ? lazyClient(temporal) : undefined;
  return {
    world: {
      store: lazily(open),
      triggers: () => wiring.loadTriggers(),
      activities: async () => (await wiring.loadActivities()).activities,
      workflows: () => wiring.loadWorkflows(),
      ...(reached && secretKey !== undefined
        ? {
            runs: { client: reached.client, taskQueue, eagerStart: false, authority: authorityOf(secretKey) },
          }
        : {}),
      settings: () => shownSettings(wiring.env),
    },
    async close() {
      await reached?.close();
      await (await opened)?.close();
    },
  };
}

async function openHere(
  env: NodeJS.ProcessEnv,
  { databaseUrl, migrationDatabaseUrl, dataDir, storeFsync: fsync }: Settings,
): Promise<Store> {
  if (databaseUrl === undefined && !existsSync(dataDir))
    throw new CliFailure(`There is no data folder ${resolve(dataDir)}`, {
      why: 'Nothing has run there yet.',
      next: 'Run npm start, or point BATON_DATA_DIR, DATABASE_URL or BATON_API_URL to where Baton is.',
      exit: exits.notFound,
    });
  const { openStore } = await import('../store/open.ts');
  return openStore({ databaseUrl, migrationDatabaseUrl, dataDir, fsync, secrets: secretsOf(env) });
}

/** A store that is opened at its first call: what needs none asks for none. All of its functions are asynchronous. */
function lazily(open: () => Promise<Store>): Store {
  return new Proxy({} as Store, {
    get:
      (_, name: keyof Store) =>
      async (...given: never[]) =>
        ((await open())[name] as (...given: never[]) => unknown)(...given),
  });
}
