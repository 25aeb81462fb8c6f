import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaterEvent } from '../../domain/incident.ts';
import type { PayloadKeys } from '../../secrets/payload-codec.ts';
import { tellRun } from '../../server/temporal/runs.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { clientConverter, workerConverter } from '../../worker/data-converter.ts';
import type { RunningWorker } from '../../worker/worker.ts';
import { testKeys } from '../authority.ts';
import { bundleOf, startTestTemporal } from '../temporal.ts';
import { takeNotes } from '../worker/fixture/secretive.ts';
import { eventually, startWorkerBeside, startWorld, type World } from '../world.ts';

const take = defineTrigger({
  name: 'take',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: takeNotes,
  input: ({ id }) => ({ incidentId: id }),
});

const off = testKeys;
const on: PayloadKeys = { ...testKeys, encrypts: true };
const newest: PayloadKeys = {
  ...on,
  secretKey: 'the newest key of the tests',
  formerSecretKeys: [on.secretKey],
};

let temporal: TestWorkflowEnvironment;
let world: World;
let plain: WorkflowBundle;
let encrypted: WorkflowBundle;
beforeAll(async () => {
  const fixture = fileURLToPath(new URL('../worker/fixture/secretive.ts', import.meta.url));
  [temporal, plain, encrypted] = await Promise.all([
    startTestTemporal(),
    bundleOf(fixture),
    bundleOf(fixture, { encrypted: true }),
  ]);
  world = await startWorld({ temporal, bundle: plain, triggers: [take] });
});
afterAll(async () => {
  await worker?.stop();
  await world.close();
  await temporal.teardown();
});

const clientOf = (keys: PayloadKeys) =>
  new Client({ connection: temporal.connection, dataConverter: clientConverter(keys) });
let worker: RunningWorker | undefined;
/** All workers end, and one with these keys takes their place. */
async function goOnWith(keys: PayloadKeys): Promise<void> {
  await (worker ?? world.worker).stop();
  worker = await startWorkerBeside(world, keys.encrypts ? encrypted : plain, { keys });
}

const tell = (runId: string, note: string | undefined, keys: PayloadKeys) => {
  const event: LaterEvent = {
    eventId: `told ${note}`,
    type: 'test.told',
    time: new Date().toISOString(),
    echo: false,
    data: { note },
  };
  return tellRun(runId, [event], clientOf(keys));
};

describe('a live run', () => {
  it('goes on over switches of the encryption and a new key, and can be replayed', async () => {
    const incidentId = raiseIncident(world.pagerDuty, { title: 'Slow', service: 'Search' });
    const runId = `take/${incidentId}`;
    const notes = () => world.pagerDuty.world.notes.map(({ content }) => content);
    const noted = (number: number, note: string) =>
      eventually(`the note ${note}`, () =>
        notes().includes(`${note}\n\n(baton ${runId}#addPagerDutyNote#${number})`),
      );

    await eventually('the run', async () => (await world.run(runId))?.state === 'running');
    await tell(runId, 'off', off);
    await noted(1, 'off');
    // A history that began with what was carried in a header, and a signal that nobody has encrypted.
    await goOnWith(on);
    await tell(runId, 'on', off);
    await noted(2, 'on');
    await tell(runId, 'both on', on);
    await noted(3, 'both on');
    await goOnWith(off);
    await tell(runId, 'off again', on);
    await noted(4, 'off again');
    await goOnWith(newest);
    await tell(runId, 'new key', newest);
    await noted(5, 'new key');
    await tell(runId, 'the old key', on);
    await noted(6, 'the old key');

    await tell(runId, undefined, newest);
    expect(await eventually('the end', async () => (await world.run(runId))?.outcome)).toBe('no more');

    const history = await clientOf(newest).workflow.getHandle(runId).fetchHistory();
    await Worker.runReplayHistory(
      { workflowBundle: encrypted, dataConverter: workerConverter(newest) },
      history,
    );
  }, 60_000);
});
