import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { longestPollMilliseconds, pollersOf } from './pollers.ts';
import { isTemporalAway } from './temporal-state.ts';
import { waitingTasksOf } from './waiting-tasks.ts';

export interface VersionsOptions {
  client: Client;
  namespace: string;
  /** Its name is the deployment's too. */
  taskQueue: string;
  log: Pick<Logger, 'info' | 'warn'>;
  /** Workers have versions. Where they had some before, their runs are still looked after. */
  isOn: boolean;
  /** Differs from the default only in tests. */
  everyMilliseconds?: number;
}

const everyMilliseconds = 5_000;
/** What is not moved by then is moved in the next round. */
const roundMilliseconds = 5_000;
const atOnce = 8;
/** A worker that has room takes a task within milliseconds. */
const untakenMilliseconds = 5_000;
/** The workers without a version, as Temporal names them. */
const unversioned = '';

/** Temporal's numbers: the state of a version that gets no new runs and still has some, two gRPC codes. */
const draining = 4;
const notFound = 5;
const unimplemented = 12;
/** Of a run that stays with a version. */
const pinned = 1;

/**
 * A run is finished by workers of the version that it began with. Where those are gone, nobody else would ever take it: this moves it to
 * the current version, and makes another version current where the current one itself is gone. Gone is what had no workers twice in a row.
 */
export function startVersions(options: VersionsOptions): { stop(): Promise<void> } {
  const { client, namespace, taskQueue, log } = options;
  const deploymentName = taskQueue;
  const service = client.workflowService;
  let stopping = false;
  /** Versions that had no workers in the round before. */
  let missed: readonly string[] = [];

  async function look(): Promise<void> {
    // None where no worker has had a version yet, or Temporal is too old for them.
    const answer = await service
      .describeWorkerDeployment({ namespace, deploymentName })
      .catch(except(notFound, unimplemented));
    const deployment = answer?.workerDeploymentInfo;
    if (!deployment && !options.isOn) clearInterval(timer);
    if (!deployment) return;
    const current = buildOf(deployment.routingConfig?.currentDeploymentVersion);
    const left = (deployment.versionSummaries ?? [])
      .filter(({ status }) => status === draining)
      .map(({ deploymentVersion }) => buildOf(deploymentVersion));
    const polledAt = await lastPolls();
    const idle: string[] = [];
    for (const version of [current, ...left])
      if (!(await hasWorkers(version, polledAt.get(version)))) idle.push(version);
    const isGone = (version: string) => idle.includes(version) && missed.includes(version);
    if (!idle.includes(current)) for (const from of left.filter(isGone)) await move(from, current);
    else if (isGone(current)) await replace(current, polledAt);
    missed = idle;
  }

  /** When a worker of each version last asked for work. */
  async function lastPolls(): Promise<Map<string, number>> {
    const polls = new Map<string, number>();
    for (const { version, at } of await pollersOf(client, namespace, taskQueue))
      polls.set(version, Math.max(polls.get(version) ?? 0, at));
    return polls;
  }

  /** Temporal remembers a worker for minutes after it has gone, so work that waits, with nobody who asked since, tells more. */
  async function hasWorkers(version: string, polledAt = 0): Promise<boolean> {
    const sincePoll = Date.now() - polledAt;
    if (sincePoll > longestPollMilliseconds) return false;
    const waiting = version === unversioned ? 0 : await longestWait(version);
    return waiting < untakenMilliseconds || sincePoll < waiting;
  }

  /** For how long work for this version has waited to be taken. */
  async function longestWait(buildId: string): Promise<number> {
    const waiting = await waitingTasksOf(buildId, client, namespace, taskQueue);
    return Math.max(0, ...waiting.map(({ milliseconds }) => milliseconds));
  }

  /** As when a worker of the old build was restarted in the middle of a rolling deploy, and then stopped. */
  async function replace(gone: string, polledAt: ReadonlyMap<string, number>): Promise<void> {
    for (const [buildId, at] of polledAt) {
      if (buildId === gone || !(await hasWorkers(buildId, at))) continue;
      await service.setWorkerDeploymentCurrentVersion({
        namespace,
        deploymentName,
        buildId,
        ignoreMissingTaskQueues: true,
        identity: 'baton',
      });
      log.warn({ version: gone, now: buildId }, 'The current version has no workers: new runs go to another');
      return;
    }
  }

  async function move(from: string, to: string): Promise<void> {
    const versioningOverride =
      to === unversioned
        ? { autoUpgrade: true }
        : { pinned: { behavior: pinned, version: { deploymentName, buildId: to } } };
    const query = `ExecutionStatus = 'Running' AND TemporalWorkflowVersioningBehavior = 'Pinned' AND TemporalWorkerDeploymentVersion = '${deploymentName}:${from}'`;
    const runs: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query })) runs.push(workflowId);
    if (runs.length === 0) return;
    log.info({ from, to, runs: runs.length }, 'Runs of a version without workers go on with the current one');
    const work = async () => {
      for (let workflowId = runs.shift(); workflowId !== undefined && !stopping; workflowId = runs.shift())
        await service
          .updateWorkflowExecutionOptions({
            namespace,
            workflowExecution: { workflowId },
            workflowExecutionOptions: { versioningOverride },
            updateMask: { paths: ['versioning_override'] },
          })
          // It may have ended meanwhile.
          .catch(except(notFound));
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  async function round(): Promise<void> {
    if (stopping) return;
    await client.withDeadline(Date.now() + roundMilliseconds, look).catch((error: unknown) => {
      if (!isTemporalAway(error)) log.warn({ err: error }, 'Versions of the workers could not be looked at');
    });
  }

  const timer = setInterval(() => {
    under = under.then(round);
  }, options.everyMilliseconds ?? everyMilliseconds);
  let under = round();
  return {
    async stop() {
      stopping = true;
      clearInterval(timer);
      await under;
    },
  };
}

const buildOf = (version: { buildId?: string | null } | null | undefined) => version?.buildId ?? unversioned;
function except(...codes: readonly unknown[]) {
  return (error: unknown): undefined => {
    if (!codes.includes((error as { code?: unknown }).code)) throw error;
  };
}
