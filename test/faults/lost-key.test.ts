import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import type { PayloadKeys } from '../../secrets/payload-codec.ts';
import { tellRun } from '../../server/temporal/runs.ts';
import { stuckIn } from '../../server/temporal/stuck-state.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { clientConverter } from '../../worker/data-converter.ts';
import { testKeys } from '../authority.ts';
import { bundleOf } from '../temporal.ts';
import { takeNotes } from '../worker/fixture/secretive.ts';
import { eventually, startWorkerBeside, startWorld } from '../world.ts';

const take = defineTrigger({
  name: 'take',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: takeNotes,
  input: ({ id }) => ({ incidentId: id }),
});

it('a run whose key the workers lack stands still, says what is missing, and goes on once they have it', async () => {
  const keys: PayloadKeys = { ...testKeys, encrypts: true };
  const lost: PayloadKeys = { ...keys, secretKey: 'another key of the tests' };
  const fixture = fileURLToPath(new URL('../worker/fixture/secretive.ts', import.meta.url));
  const bundle = await bundleOf(fixture, { encrypted: true });
  const world = await startWorld({ bundle, keys, triggers: [take] });
  const incidentId = raiseIncident(world.pagerDuty, { title: 'Slow', service: 'Search' });
  const runId = `take/${incidentId}`;
  await eventually('the run', async () => (await world.run(runId))?.state === 'running');
  await world.worker.stop();
  let worker = await startWorkerBeside(world, bundle, { keys: lost });
  onTestFinished(async () => {
    await worker.stop();
    await world.close();
  });
  const clientOf = (its: PayloadKeys) =>
    new Client({ connection: world.temporal.connection, dataConverter: clientConverter(its) });
  const told = { eventId: 'told', type: 'test.told', time: new Date().toISOString(), echo: false, data: {} };
  await tellRun(runId, [told], clientOf(keys));

  const blind = clientOf(lost);
  const stuck = await eventually('what keeps it', () => stuckIn(runId, blind, 'default'), 60_000);
  expect(stuck).toEqual({
    reason: 'WorkflowTaskFailed',
    message: expect.stringMatching(/under the key [0-9a-f]{16},.*BATON_FORMER_SECRET_KEYS/),
  });
  // A server without the key sees that it lives.
  expect(await blind.workflow.getHandle(runId).describe()).toMatchObject({ status: { name: 'RUNNING' } });

  await worker.stop();
  worker = await startWorkerBeside(world, bundle, { keys: { ...lost, formerSecretKeys: [keys.secretKey] } });
  expect(await eventually('the end', async () => (await world.run(runId))?.outcome, 60_000)).toBe('no more');
}, 180_000);
