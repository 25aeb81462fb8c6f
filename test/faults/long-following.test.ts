import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { LaterEvent } from '../../domain/incident.ts';
import { devServerSettings } from '../../processes/temporal-server.ts';
import { acknowledgeAs, raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { laterEvents } from '../../workflows/kit/run.ts';
import { pagerdutyProductionIncidentPolicy } from '../../workflows/pagerduty-production-incident-policy.ts';
import { bundleOf } from '../temporal.ts';
import { collectEvents } from '../workflows/fixture/following.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';

/** Temporal suggests a new history after so many entries; its own number is 4 096. */
const longHistory = 120;

const collect = defineTrigger({
  name: 'collect',
  on: 'pagerduty.incident.triggered',
  when: { 'urgency is low': ({ urgency }) => urgency === 'low' },
  run: collectEvents,
  input: ({ id }) => ({ id }),
  whenResolved: 'continue',
});
const policy = defineTrigger({
  name: 'policy',
  on: 'pagerduty.incident.triggered',
  when: { 'urgency is high': ({ urgency }) => urgency === 'high' },
  run: pagerdutyProductionIncidentPolicy,
  input: ({ id }) => ({ incidentId: id, graceTime: 1_000 }),
  whenResolved: 'continue',
});

let world: World;
beforeAll(async () => {
  const temporal = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: inject('temporalPath') },
      extraArgs: [
        ...devServerSettings,
        '--dynamic-config-value',
        `limit.historyCount.suggestContinueAsNew=${longHistory}`,
      ],
    },
  });
  const bundle = await bundleOf(fileURLToPath(new URL('../workflows/fixture/following.ts', import.meta.url)));
  world = await startWorld({ triggers: [collect, policy], temporal, bundle });
});
afterAll(async () => {
  await world.close();
  await world.temporal.teardown();
});

const noted = (number: number): LaterEvent => ({
  eventId: `E${number}`,
  type: 'pagerduty.incident.annotated',
  time: new Date(1_763_629_200_000 + number).toISOString(),
  echo: false,
});

/** So many signals come while the run has no time between them. Then it gets to the end of what it has. */
const burst = 10;

/**
 * Signals these events in their order, four at a time; every tenth signal is sent twice. A run goes on with a new history only once it has taken up
 * all of its signals, so whatever comes without a pause lengthens the one that it has.
 */
async function signal(runId: string, events: LaterEvent[]): Promise<void> {
  const handle = world.temporal.client.workflow.getHandle(runId);
  for (let start = 0; start < events.length; start += 4) {
    const batch = events.slice(start, start + 4);
    await handle.signal(laterEvents, batch);
    if (start % 40 === 0) await handle.signal(laterEvents, batch);
    if (start % (4 * burst) === 0)
      await eventually('the run to have taken up what it was told', async () => {
        const { raw } = await handle.describe();
        return !raw.pendingWorkflowTask;
      });
  }
}

/** How long each history of a run became. */
async function histories(runId: string): Promise<number[]> {
  const lengths: number[] = [];
  for await (const { historyLength } of world.temporal.client.workflow.list({
    query: `WorkflowId = "${runId}"`,
  }))
    lengths.push(historyLength ?? 0);
  return lengths;
}

const started = (runId: string) =>
  eventually(`the run ${runId}`, async () => (await world.run(runId))?.state === 'running');
const endOf = (runId: string) =>
  eventually(`the end of ${runId}`, async () => (await world.run(runId))?.outcome);
const endsIn = async (id: string) =>
  (await world.record(id)).filter(({ action }) => /^run\.(completed|failed|cancelled)$/.test(action));

describe('a run that gets more events than one history holds', () => {
  it('goes on with new ones, sees every event once and in order, and ends once', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'Slow', service: 'Search', urgency: 'low' });
    const runId = `collect/${id}`;
    await started(runId);
    const events = Array.from({ length: 1_200 }, (_, number) => noted(number));
    const resolved: LaterEvent = {
      ...noted(300),
      type: 'pagerduty.incident.resolved',
      by: { kind: 'person', id: 'PBENOKA', name: 'Ben' },
      incident: {
        id,
        title: 'Slow',
        status: 'resolved',
        urgency: 'low',
        service: { id: 'PSEARCH', name: 'Search' },
        assignees: [],
        teams: [],
      },
    };
    events[300] = resolved;
    await signal(runId, [
      ...events,
      ...events.slice(0, 40),
      { ...noted(1_200), type: 'pagerduty.incident.escalated' },
    ]);
    const outcome = await endOf(runId);
    expect(outcome).toBe([...events.map(({ eventId }) => eventId), 'resolved', 'Ben'].join(' '));
    const lengths = await eventually('several histories', async () => {
      const found = await histories(runId);
      return found.length > 1 ? found : undefined;
    });

    expect(Math.max(...lengths)).toBeLessThan(5 * longHistory);
    expect(await endsIn(id)).toHaveLength(1);
  }, 60_000);
});

describe('a production incident with a thousand events', () => {
  it('keeps one room, one card and one issue over its histories, shows the newest state, and ends once', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'Checkout down', service: 'Checkout' });
    const runId = `policy/${id}`;
    await eventually('the note with the links', () =>
      world.pagerDuty.world.notes.find(({ content }) => content.includes('OPS-')),
    );
    await signal(
      runId,
      Array.from({ length: 1_000 }, (_, number) => noted(number)),
    );
    await eventually('a second history', async () => (await histories(runId)).length > 1);
    acknowledgeAs(world.pagerDuty, id, 'PBENOKA');
    await eventually('the card to name who acknowledged', () =>
      JSON.stringify(cardOf(world.slack, id)?.blocks).includes('Ben Okafor'),
    );
    resolveAs(world.pagerDuty, id, 'PBENOKA');
    expect(await endOf(runId)).toBe('followed to the end');

    const slack = world.slack.ledger.map(({ effect }) => effect);
    expect(slack.filter((effect) => effect === 'channel created')).toHaveLength(1);
    const posted = world.slack.world.messages.filter(({ subtype, threadTs }) => !subtype && !threadTs);
    expect(posted).toHaveLength(1);
    expect(slack.filter((effect) => effect === 'channel archived')).toHaveLength(1);
    expect(JSON.stringify(cardOf(world.slack, id)?.blocks)).toContain('Resolved by Ben Okafor');
    expect(world.jira.world.issues).toMatchObject([{ status: 'Done' }]);
    // It was acknowledged, it was resolved, and what was said in the room.
    expect(world.jira.world.issues[0]?.comments).toHaveLength(3);
    expect(await endsIn(id)).toHaveLength(1);
  }, 60_000);
});
