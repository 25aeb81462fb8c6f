import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startVersions } from '../server/temporal/versions.ts';
import { raiseIncident, resolveAs } from '../simulator/pagerduty.ts';
import { productionIncident } from '../triggers/production-incident.ts';
import { type RunningWorker, taskQueue } from '../worker/worker.ts';
import { bundleOf } from './temporal.ts';
import { cardOf, eventually, startWorkerBeside, startWorld, type World } from './world.ts';

/** A world whose workers have versions, and what a deploy does to them. */
export interface VersionedWorld {
  world: World;
  /** What was said of moved runs and current versions. */
  told: object[];
  /** One more worker, beside those that run. */
  deploy(bundle: { code: string }, isVersioned?: boolean): Promise<RunningWorker>;
  /** Ends all workers but these. */
  leave(...kept: RunningWorker[]): Promise<void>;
  raise(title: string): string;
  /** Raises an incident whose run has done all that it does before it waits for the end. */
  waiting(title: string): Promise<string>;
  notesOf(id: string): string[];
  /** Resolves it; the policy then closes its issue, and waits for a day, as an incident can be opened again. */
  resolve(id: string): Promise<void>;
  /** The build that brings the run on, whether it was moved there, and how many of its steps a worker could not follow. */
  of(id: string): Promise<{ build: string | null | undefined; moved: boolean; failures: number }>;
  close(): Promise<void>;
}

/** Other workflows than the shipped ones. */
export const bundleFixture = (name: string) =>
  bundleOf(fileURLToPath(new URL(`./workflows/fixture/${name}.ts`, import.meta.url)));

export async function startVersionedWorld(temporal?: TestWorkflowEnvironment): Promise<VersionedWorld> {
  const world = await startWorld({
    triggers: [productionIncident],
    versions: true,
    ...(temporal ? { temporal } : {}),
  });
  const { client } = world.temporal;
  const workers = new Set([world.worker]);
  const told: object[] = [];
  const say = (line: object) => void told.push(line);
  const versions = startVersions({
    client,
    namespace: 'default',
    taskQueue,
    log: { info: say, warn: say },
    isOn: true,
    everyMilliseconds: 1_000,
  });

  const notesOf = (id: string) =>
    world.pagerDuty.world.notes.filter(({ incidentId }) => incidentId === id).map(({ content }) => content);
  const raise = (title: string) => raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
  const isClosed = (id: string) =>
    world.jira.world.issues.some(
      ({ fields, status }) => fields.labels.includes(`baton-${id}`) && status === 'Done',
    );
  async function leave(...kept: RunningWorker[]): Promise<void> {
    for (const worker of workers)
      if (!kept.includes(worker)) {
        workers.delete(worker);
        await worker.stop();
      }
  }

  return {
    world,
    told,
    leave,
    raise,
    notesOf,
    async deploy(bundle, isVersioned = true) {
      const worker = await startWorkerBeside(world, bundle, { versions: isVersioned });
      workers.add(worker);
      return worker;
    },
    async waiting(title) {
      const id = raise(title);
      await eventually('the card', () => cardOf(world.slack, id));
      await eventually('the note', () => notesOf(id).length > 0);
      return id;
    },
    async resolve(id) {
      resolveAs(world.pagerDuty, id, 'PADALOP');
      await eventually('the issue to be closed', () => isClosed(id), 40_000);
    },
    async of(id) {
      const handle = client.workflow.getHandle(`production-incident/${id}`);
      const [{ raw }, { events }] = await Promise.all([handle.describe(), handle.fetchHistory()]);
      const info = raw.workflowExecutionInfo?.versioningInfo;
      return {
        build: info?.deploymentVersion?.buildId,
        moved: Boolean(info?.versioningOverride),
        failures: (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes).length,
      };
    },
    async close() {
      await versions.stop();
      await leave();
      await world.close();
    },
  };
}
