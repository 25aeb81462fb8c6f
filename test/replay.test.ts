import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { activities } from '../activities/index.ts';
import { impair } from '../simulator/ec2.ts';
import { crashLoop } from '../simulator/kubernetes.ts';
import { raiseIncident, resolveAs } from '../simulator/pagerduty.ts';
import { workflowBundle } from './temporal.ts';
import { cardOf, eventually, startWorld } from './world.ts';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const unreached = () => Promise.reject(new Error('A replay calls no activity'));
/** The sandbox refuses a local activity whose name is not registered, also in a replay, which calls none. */
const registered = [
  ...activities.map(({ name }) => name),
  'reportRunEnd',
  'recordLine',
  'storeScheduleEvent',
];
const replay = (history: unknown) => {
  const options = {
    workflowBundle: workflowBundle(),
    activities: Object.fromEntries(registered.map((name) => [name, unreached])),
  };
  return Worker.runReplayHistory(options, history);
};
const read = (name: string) => JSON.parse(readFileSync(`${folder}${name}`, 'utf8'));

describe('today’s workflows', () => {
  it('have a stored history each', () => {
    const types = files.map((name) => name.split('.')[0]);
    expect(new Set(types)).toEqual(
      new Set([
        'changeIncident',
        'ec2UnhealthyRestart',
        'kubernetesCrashLoopDiagnosis',
        'pageForRun',
        'pagerdutyProductionIncidentPolicy',
      ]),
    );
  });

  it.each(files)('still fit the history %s', async (name) => {
    await replay(read(name));
  });

  it('that did something else than a history says are found out', async () => {
    const history = readFileSync(`${folder}ec2UnhealthyRestart.restarted.json`, 'utf8');
    const changed = JSON.parse(history.replaceAll('rebootEc2Instances', 'stopEc2Instances'));
    await expect(replay(changed)).rejects.toThrow();
  });
});

/** Made anew only for a workflow that has none: the old ones are what live runs stand on. `BATON_HISTORIES=1 npx vitest run test/replay.test.ts` */
describe.runIf(process.env.BATON_HISTORIES)('the stored histories', () => {
  it('are taken from real runs', async () => {
    const world = await startWorld();
    const { denied } = world.ec2.world;
    const instance = 'i-0abc12345def67890';
    impair(world.ec2, instance);
    denied.push('ec2:RebootInstances');
    raiseIncident(world.pagerDuty, { title: `EC2 ${instance} StatusCheckFailed`, service: 'Checkout' });
    await eventually('the page', () =>
      world.pagerDuty.world.alerts.some(({ key }) => key.startsWith('baton/')),
    );
    denied.length = 0;
    raiseIncident(world.pagerDuty, { title: `EC2 ${instance} StatusCheckFailed`, service: 'Checkout' });
    impair(world.ec2, 'i-0def12345abc67890');
    raiseIncident(world.pagerDuty, { title: 'EC2 i-0def12345abc67890 StatusCheckFailed', service: 'Search' });
    crashLoop(world.kubernetes, 'shop', 'search');
    raiseIncident(world.pagerDuty, { title: 'CrashLoopBackOff in shop/search', service: 'Search' });
    const clicked = raiseIncident(world.pagerDuty, { title: 'Search is slow', service: 'Search' });
    await eventually('a card', () => cardOf(world.slack, clicked));
    await world.click({ actionId: 'acknowledge', incidentId: clicked, userId: 'U0ADA' });
    resolveAs(world.pagerDuty, clicked, 'PADALOP');
    const kept = new Set<string>();
    await eventually('every workflow to end', async () => {
      const ended = (await world.store.listRuns({ limit: 100 })).filter(({ endedAt }) => endedAt);
      return new Set(ended.map(({ workflow, outcome }) => `${workflow} ${outcome}`)).size >= 6;
    });
    for (const run of await world.store.listRuns({ limit: 100 })) {
      const name = `${run.workflow}.${(run.outcome ?? 'live').replaceAll(' ', '-')}.json`;
      if (kept.has(name) || files.includes(name)) continue;
      kept.add(name);
      const history = await world.temporal.client.workflow.getHandle(run.id).fetchHistory();
      writeFileSync(`${folder}${name}`, `${historyToJSON(history)}\n`);
    }
    await world.close();
  }, 120_000);
});
