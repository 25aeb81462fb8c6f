import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activities } from '../../activities/index.ts';
import { directPager } from '../../processes/direct.ts';
import { startStuckRuns } from '../../server/temporal/stuck-runs.ts';
import { runStuck } from '../../server/watchdog/stuck.ts';
import { startWatchdog } from '../../server/watchdog/watchdog.ts';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import type { RunningWorker } from '../../worker/worker.ts';
import { surroundingsFor } from '../clients.ts';
import { quickLimits } from '../quick-limits.ts';
import { bundleOf, workflowBundle } from '../temporal.ts';
import { cardOf, eventually, startWorkerBeside, startWorld, type World } from '../world.ts';

let world: World;
let worker: RunningWorker;
beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident] });
  worker = world.worker;
});
afterAll(async () => {
  await worker.stop();
  await world.close();
});

/** Another worker in the place of the one that runs. */
async function deploy(bundle: { code: string }): Promise<void> {
  await worker.stop();
  worker = await startWorkerBeside(world, bundle);
}

const fixture = (name: string) =>
  bundleOf(fileURLToPath(new URL(`../workflows/fixture/${name}.ts`, import.meta.url)));
const pages = (key: string) =>
  world.pagerDuty.calls.filter(
    ({ path, body }) => path.includes('/v2/enqueue') && body.includes('"trigger"') && body.includes(key),
  );

describe('a run that cannot go on', () => {
  it.each([
    ['that new code cannot follow', 'changed-policy', 'NonDeterminism'],
    ['whose workflow the workers do not know', 'following-none', 'WorkflowTaskFailed'],
  ])(
    '%s is marked, counted and paged for once, and taken back when it goes on',
    async (_, file, reason) => {
      const subjects = [1, 2].map((number) =>
        raiseIncident(world.pagerDuty, { title: `Slow ${number}`, service: 'Checkout' }),
      );
      for (const id of subjects) {
        await eventually('the card', () => cardOf(world.slack, id));
        await eventually('the note', () =>
          world.pagerDuty.ledger.some(({ effect, target }) => effect === 'note added' && target === id),
        );
      }
      await deploy(await fixture(file));
      for (const id of subjects) resolveAs(world.pagerDuty, id, 'PADALOP');
      const log = { info() {}, warn() {}, error() {} } as never;
      const stuck = startStuckRuns({
        store: world.store,
        client: world.temporal.client,
        namespace: 'default',
        log,
        everyMilliseconds: 200,
      });
      const watchdog = startWatchdog({
        store: world.store,
        conditions: [runStuck(world)],
        pager: directPager(
          async () => activities,
          surroundingsFor({ ...world.env, BATON_SIMULATED_TIME_SCALE: '100' }),
        ),
        log,
        limits: quickLimits(100),
      });
      for (const id of subjects)
        await eventually(
          'the mark',
          async () => (await world.run(`production-incident/${id}`))?.stuck?.reason === reason,
          30_000,
        );
      // Those of an earlier case, which are followed for a day, are unknown to these workers too.
      const marked = async () =>
        (await world.store.listRuns({ live: true, limit: 100 })).filter(
          (run) => run.stuck?.reason === reason,
        );
      await eventually(
        'all that are marked to be counted, and no other',
        async () => stuck.counts()[reason as 'NoWorker'] === (await marked()).length,
        30_000,
      );
      const key = `baton/pagerdutyProductionIncidentPolicy/RunStuck/${reason}`;
      const alert = () => world.pagerDuty.world.alerts.find((each) => each.key === key);
      await eventually('the page', alert);
      expect((await world.record(subjects[0] ?? '')).map(({ action }) => action)).toContain('run.stuck');

      await deploy(workflowBundle());
      await eventually('the page to be taken back', () => alert()?.status === 'resolved');
      await eventually('nothing to be counted', () => Object.values(stuck.counts()).every((n) => n === 0));
      expect(pages(key)).toHaveLength(1);
      for (const id of subjects) {
        await eventually('no mark', async () => !(await world.run(`production-incident/${id}`))?.stuck);
        expect((await world.record(id)).map(({ action }) => action)).toContain('run.went_on');
      }
      await stuck.stop();
      await watchdog.stop();
    },
    90_000,
  );
});
