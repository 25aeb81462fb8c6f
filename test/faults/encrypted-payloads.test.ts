import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundle } from '@temporalio/worker';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineActivity } from '../../activities/activity.ts';
import { activities } from '../../activities/index.ts';
import type { LaterEvent } from '../../domain/incident.ts';
import { tellRun } from '../../server/temporal/runs.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { clientConverter } from '../../worker/data-converter.ts';
import { testKeys } from '../authority.ts';
import { bundleOf, startTestTemporal } from '../temporal.ts';
import { canaries, keepSecrets } from '../worker/fixture/secretive.ts';
import { eventually, startWorld, type World } from '../world.ts';

const fixture = fileURLToPath(new URL('../worker/fixture/secretive.ts', import.meta.url));
const notesOn = ({ pagerDuty }: World, id: string) =>
  pagerDuty.world.notes.filter(({ incidentId }) => incidentId === id).map(({ content }) => content);

const gauge = {
  provider: 'slack',
  summary: 'Reads a gauge',
  permissions: [],
  input: z.object({ of: z.string() }),
  output: z.object({ text: z.string() }),
  example: { of: 'x' },
} as const;
const gauges = [
  defineActivity({
    ...gauge,
    name: 'readGauge',
    kind: 'read',
    run: async () => ({ text: canaries.result }),
  }),
  defineActivity({
    ...gauge,
    name: 'checkGauge',
    kind: 'read',
    run: () =>
      Promise.reject(
        ApplicationFailure.nonRetryable(canaries.activityFailure, 'ProviderRefused', {
          text: canaries.detail,
        }),
      ),
  }),
];

const keep = defineTrigger({
  name: 'keep',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: keepSecrets,
  input: ({ id }) => ({ incidentId: id, note: canaries.input }),
});

/** All that Temporal tells of its runs to somebody who has no key, payloads as bytes. */
async function toldBy({ client }: TestWorkflowEnvironment): Promise<string> {
  const told: string[] = [];
  const { executions } = await client.workflowService.listWorkflowExecutions({ namespace: 'default' });
  for (const { execution, memo } of executions) {
    const { workflowId, runId } = execution ?? {};
    const history = await client.workflow.getHandle(workflowId ?? '', runId ?? '').fetchHistory();
    told.push(JSON.stringify(memo), historyToJSON(history));
  }
  expect(told.length).toBeGreaterThan(2);
  return told
    .join('\n')
    .replaceAll(/"data": ?"([^"]+)"/g, (_, data: string) => Buffer.from(data, 'base64').toString('latin1'));
}

const tell = (note: string | undefined): LaterEvent => ({
  eventId: `told-${note}`,
  type: 'test.told',
  time: new Date().toISOString(),
  echo: false,
  data: { note },
});

let plain: WorkflowBundle;
let encrypted: WorkflowBundle;
beforeAll(async () => {
  [plain, encrypted] = await Promise.all([bundleOf(fixture), bundleOf(fixture, { encrypted: true })]);
});

describe.each([
  ['encrypted', true],
  ['not encrypted', false],
])('what runs are given and give, %s', (_, encrypts) => {
  it(`is ${encrypts ? 'nowhere' : 'everywhere'} in Temporal, and in the record`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-encrypted-'));
    const temporal = await startTestTemporal({ dbFilename: join(folder, 'temporal.db') });
    const bundle = encrypts ? encrypted : plain;
    const keys = { ...testKeys, encrypts };
    const world = await startWorld({
      temporal,
      bundle,
      keys,
      triggers: [keep],
      activities: [...activities, ...gauges],
    });
    onTestFinished(async () => {
      await world.close();
      await temporal.teardown();
      rmSync(folder, { recursive: true });
    });
    const id = raiseIncident(world.pagerDuty, { title: canaries.title, service: 'Search' });
    await eventually('the first note', () => notesOn(world, id).length === 1);
    const client = new Client({ connection: temporal.connection, dataConverter: clientConverter(keys) });
    await tellRun(`keep/${id}`, [tell(canaries.signal)], client);
    const run = await eventually('the end', async () => {
      const found = await world.run(`keep/${id}`);
      return found?.endedAt ? found : undefined;
    });

    // The second history knows how often the first one has called what.
    expect(notesOn(world, id)).toEqual([
      `${canaries.input}\n\n(baton keep/${id}#addPagerDutyNote#1)`,
      `${canaries.renewed}\n\n(baton keep/${id}#addPagerDutyNote#2)`,
    ]);
    expect(run.failure).toEqual({
      class: 'Loud',
      message: `${canaries.failure}: ${canaries.activityFailure}`,
    });
    const recorded = JSON.stringify([
      run,
      await world.record(id),
      await world.store.listEvents({ limit: 10 }),
    ]);
    for (const shown of [canaries.title, canaries.input, canaries.activityFailure, canaries.failure])
      expect(recorded).toContain(shown);

    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
    const places = { told: await toldBy(temporal), files: files.join('\n') };
    const found = Object.entries(places).flatMap(([place, text]) =>
      Object.entries(canaries).flatMap(([name, canary]) =>
        text.includes(canary) ? [`${name} in ${place}`] : [],
      ),
    );
    const everywhere = Object.keys(places).flatMap((place) =>
      Object.keys(canaries).map((name) => `${name} in ${place}`),
    );
    expect(found).toEqual(encrypts ? [] : everywhere);
  });
});
