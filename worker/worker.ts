import type { DataConverter } from '@temporalio/common';
import { type NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker';
import { type Clients, loadClients } from '../activities/clients.ts';
import { withStoredLinks } from '../activities/person.ts';
import { callApprovals } from '../domain/approval.ts';
import type { JournalPolicy } from '../domain/journal.ts';
import type { Store } from '../store/store.ts';
import { type BatonOptions, batonFor } from './baton.ts';
import { callbackActivities } from './callbacks.ts';
import { carriedOutBy } from './carried-out.ts';
import { isOfWorldIn } from './chain/proved.ts';
import { localTriesAtOnce } from './chain/share.ts';
import { engineActivities } from './engine.ts';
import { activityInterceptors, type InterceptorOptions } from './interceptor.ts';
import { stepActivities } from './told-steps.ts';
import { becomeCurrent, buildIdOf } from './version.ts';

/** The one task queue: any worker can do any part of any run. */
export const taskQueue = 'baton';

export interface WorkerOptions
  extends Omit<InterceptorOptions, 'clients' | 'journal'>,
    Omit<BatonOptions, 'authority'> {
  clients: Clients;
  /** Of which changes PagerDuty is told. */
  journal?: readonly JournalPolicy[] | undefined;
  connection: NativeConnection;
  namespace: string;
  /** From `bundleWorkflows`. */
  bundle: WorkflowBundle;
  /** From `workerConverter`. Where it encrypts, the bundle was made for that. */
  dataConverter?: DataConverter;
  store: Store;
  countRun?: (workflow: string, state: string) => void;
  /** Differs from the default only in tests, which share a server. */
  queue?: string;
  /** Of the sources, where it is known: shown with the runs that this worker carries out. */
  commit?: string | undefined;
  /** Runs are finished by workers of their own bundle, and new ones go to the bundle that started last. */
  versions?: boolean;
}

export interface RunningWorker {
  /** Resolves when it has stopped, rejects when it cannot go on. */
  stopped: Promise<void>;
  /** Takes nothing new, lets activities finish for up to 10 s, then stops. */
  stop(): Promise<void>;
}

export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const loading = loadClients(options.clients);
  const { connection, namespace, store, dataConverter = {}, queue = taskQueue } = options;
  const linked = withStoredLinks(options.clients, store);
  const clients = { ...linked, baton: batonFor(options) };
  const buildId = buildIdOf(options.bundle.code);
  const version = options.versions ? { deploymentName: queue, buildId } : undefined;
  const { commit } = options;
  const carriedOut = carriedOutBy({ build: buildId, ...(commit === undefined ? {} : { commit }) }, store);
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: queue,
    ...(version && {
      workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' },
    }),
    workflowBundle: options.bundle,
    dataConverter,
    activities: {
      ...declared(options),
      ...callbackActivities(store, options.authority),
      ...stepActivities(options),
      ...engineActivities(
        store,
        options.scrub,
        carriedOut,
        isOfWorldIn(options.activities),
        options.publicUrl,
        options.countRun,
      ),
    },
    interceptors: {
      activity: [
        activityInterceptors({
          ...options,
          clients,
          carriedOut,
          journal: options.journal && { policies: options.journal, worker: carriedOut.worker },
        }),
      ],
    },
    // A run whose worker died is taken over after this, not after the default 10 s.
    stickyQueueScheduleToStartTimeout: '1 second',
    // An attempt is given up after 1.5 s without a sign of life. Sent less often than this, one late sign would be enough for that.
    maxHeartbeatThrottleInterval: '400 milliseconds',
    defaultHeartbeatThrottleInterval: '400 milliseconds',
    maxConcurrentLocalActivityExecutions: localTriesAtOnce,
    maxCachedWorkflows: 500,
    shutdownGraceTime: '10 seconds',
    shutdownForceTime: '12 seconds',
  });
  await loading;
  const stopped = worker.run().finally(carriedOut.stop);
  const stop = async () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await stopped;
  };
  if (version)
    await Promise.race([stopped, becomeCurrent(version, connection, namespace)]).catch(
      async (error: unknown) => {
        await stop();
        throw error;
      },
    );
  return { stopped, stop };
}

/**
 * Temporal asks for a function by each name; the interceptor makes the call by the declaration. `default` stands for all names that are not
 * declared: a history may hold one of a former version, and is followed. A call is tried again, as another worker may know it.
 */
function declared({ activities }: WorkerOptions): Record<string, () => Promise<never>> {
  const unreached = () => Promise.reject(new Error('An activity was called past its interceptor'));
  const names = activities.flatMap(({ name, kind }) =>
    kind === 'read' ? [name] : [name, ...callApprovals.map((approval) => `${approval}:${name}`)],
  );
  const unknown = () => Promise.reject(new Error('This worker has no such activity'));
  return Object.fromEntries([['default', unknown], ...names.map((name) => [name, unreached] as const)]);
}
