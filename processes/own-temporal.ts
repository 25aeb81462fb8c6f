import type { NativeConnectionOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Lifetime } from './lifetime.ts';
import type { Settings } from './settings.ts';
import { findTemporal } from './temporal-binary.ts';
import { type RunningTemporal, startTemporal } from './temporal-server.ts';

/** The Temporal of a Baton in one process. */
export interface TemporalHere {
  connection: NonNullable<Settings['temporal']>['connection'];
  namespace: string;
  /** For the banner. */
  words: string;
  uiUrl?: string;
}

/** How a server on this machine is spoken to: nothing goes over a network, so nothing is compressed. */
export const ownConnection: Pick<NativeConnectionOptions, 'grpcCompression'> = {
  grpcCompression: { codec: 'none' },
};

/**
 * Starts a Temporal server in the data folder, whose lock the caller holds, and starts it again where it ends by itself, at the same addresses:
 * runs go on where they were. It is stopped with the lifetime, also where that ends in the middle of this.
 */
export async function startOwnTemporal(
  { dataDir, temporalUi }: Pick<Settings, 'dataDir' | 'temporalUi'>,
  lifetime: Lifetime,
  log: Logger,
): Promise<TemporalHere> {
  const over = new AbortController();
  const { signal } = over;
  let current: Promise<RunningTemporal> | undefined;
  lifetime.onClose(async () => {
    over.abort();
    const running = await current?.catch(() => undefined);
    await running?.stop();
  });
  const binary = await findTemporal();
  const { path } = binary;
  const begin = (where: { port?: number; uiPort?: number | 'free' }) => {
    signal.throwIfAborted();
    current = startTemporal({ path, dataDir, signal, ...where });
    return current;
  };
  const { address, uiUrl, ended } = await begin(temporalUi ? { uiPort: 'free' } : {});
  const port = Number(address.split(':')[1]);
  const page = uiUrl === undefined ? {} : { uiPort: Number(new URL(uiUrl).port) };
  const watch = (end: Promise<never>) =>
    end.catch(async (error: unknown) => {
      if (lifetime.signal.aborted) return;
      log.error({ err: error }, 'Temporal is started again');
      try {
        void watch((await begin({ port, ...page })).ended);
      } catch (again) {
        lifetime.fail(again);
      }
    });
  void watch(ended);
  return {
    connection: { address, ...ownConnection },
    namespace: 'default',
    words: `Temporal ${binary.version} from ${binary.from}`,
    ...(uiUrl === undefined ? {} : { uiUrl }),
  };
}
