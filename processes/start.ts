import { join, resolve } from 'node:path';
import type { Output } from '../cli/output.ts';
import { createLog } from '../log/log.ts';
import { openLogFile } from '../log/log-file.ts';
import { learningScrubber } from '../secrets/scrub.ts';
import { beginDatabase } from '../store/embedded/begin.ts';
import { secureDataFolder } from '../store/embedded/folder.ts';
import { lockFolder } from '../store/embedded/lock.ts';
import { compiledDatabase } from '../store/embedded/pglite.ts';
import type { Store } from '../store/store.ts';
import { bundleWorkflows } from '../worker/bundle.ts';
import { commitOf } from './commit.ts';
import { Lifetime } from './lifetime.ts';
import { secretsOf } from './masking.ts';
import { startOwnTemporal, type TemporalHere } from './own-temporal.ts';
import { isFree, nextFreePort, portTaken } from './ports.ts';
import { halvesFor, readSettings, type Settings } from './settings.ts';
import type { Wiring } from './wiring.ts';

const usualPort = 8080;

/** What is needed to show what a simulated start does, while it goes on. */
export interface Showcase {
  store: Pick<Store, 'listEvents' | 'listRuns' | 'readRecord' | 'verifyRecord'>;
  /** Raises a story's incident, the first story's where none is named, and gives its id. */
  play: (story?: string) => Promise<string>;
  output: Output;
  dataDir: string;
  webhookUrl: string;
  secret: string;
  signal: AbortSignal;
}

export type ShowSimulation = (showcase: Showcase) => Promise<void>;

/**
 * `baton start`: everything in one process. What no setting names is embedded: the store, a Temporal server, and with no
 * provider set at all the providers, as simulators. Returns when it was told to stop and has drained.
 *
 * The store and Temporal take the longest, and neither needs this thread: they are begun first, and all that the rest needs is loaded meanwhile.
 */
export async function start(wiring: Wiring, output: Output, showSimulation: ShowSimulation): Promise<void> {
  const providers = await wiring.loadProviders();
  const settings = readSettings(wiring.env, providers);
  const { dataDir, databaseUrl, storeFsync: fsync } = settings;
  const port = await choosePort(settings);
  secureDataFolder(dataDir);
  const lifetime = new Lifetime();
  const logFile = openLogFile(join(dataDir, 'baton.log'));
  const masking = learningScrubber(secretsOf(wiring.env, providers));
  const log = createLog(masking.scrub, { destination: logFile });
  try {
    const began = Date.now();
    const halves = halvesFor(settings);
    for (const words of [...settings.misspelt, ...halves]) {
      output.note(`Baton  ${words}`);
      log.warn(words);
    }
    // Nobody's store or Temporal is touched before it is known that the folder is ours.
    const release = await lockFolder(resolve(dataDir));
    lifetime.onClose(async () => release());
    const database =
      databaseUrl === undefined
        ? lifetime.opens(
            beginDatabase(dataDir, { fsync, onLost: (error) => lifetime.fail(error) }),
            (session) => session.close(),
          )
        : undefined;
    const temporal = temporalOf(settings, lifetime, log);
    const commit = commitOf({ commit: settings.commit, workflowsPath: wiring.workflowsPath });
    const bundle = bundleWorkflows(wiring.workflowsPath, {
      cacheDir: dataDir,
      encrypted: settings.encryptPayloads,
      onRefused: (why) => log.warn(why),
    });
    // Awaited by the rest, after the store: an early failure of theirs is not to be an unhandled one.
    for (const early of [temporal, bundle]) early.catch(() => undefined);
    // The store's thread is given it by this one, which will hear nothing while it loads.
    if (database) await compiledDatabase();
    const { startRest } = await import('./start-rest.ts');
    await startRest({
      wiring,
      output,
      showSimulation,
      providers,
      settings,
      port,
      lifetime,
      masking,
      log,
      began,
      halves,
      database,
      temporal,
      commit,
      bundle,
    });
    await lifetime.untilEnd();
    output.note('Baton  stopping: what is under way is finished or kept for the next start');
  } finally {
    await lifetime.close((error) => log.error({ err: error }, 'Not stopped cleanly'));
    logFile.close();
  }
}

/** PORT is a promise to others, so it is kept or refused; without it the next free one will do. */
async function choosePort({ host, port }: Settings): Promise<number> {
  if (port === undefined) return nextFreePort(host, usualPort);
  if (!(await isFree(host, port))) throw await portTaken(host, port);
  return port;
}

async function temporalOf(
  settings: Settings,
  lifetime: Lifetime,
  log: ReturnType<typeof createLog>,
): Promise<TemporalHere> {
  const { temporal } = settings;
  if (temporal)
    return { ...temporal, words: `Temporal at ${temporal.connection.address ?? 'localhost:7233'}` };
  return startOwnTemporal(settings, lifetime, log);
}
