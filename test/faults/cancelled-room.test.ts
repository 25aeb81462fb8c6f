import type { Duration } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { pagerdutyProductionIncidentPolicy } from '../../workflows/pagerduty-production-incident-policy.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';

/** What is of low urgency has a grace time that is over at once. */
const rooms = defineTrigger({
  name: 'rooms',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: pagerdutyProductionIncidentPolicy,
  input: ({ id, urgency }) => ({
    incidentId: id,
    graceTime: (urgency === 'low' ? '1 second' : '1 day') as Duration,
  }),
  whenResolved: 'continue',
});

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [rooms] });
});
beforeEach(() => {
  for (const { calls } of providers()) calls.length = 0;
});
afterEach(() => noMoreFaults());
afterAll(() => world.close());

const providers = () => [world.slack, world.pagerDuty, world.jira];
const noMoreFaults = () => fetch(`${world.slack.url}/_simulator/faults`, { method: 'DELETE' });
const raise = (urgency: 'high' | 'low' = 'high') =>
  raiseIncident(world.pagerDuty, { title: 'Checkout is slow', service: 'Checkout', urgency });
const roomOf = (id: string) => world.slack.world.channels.find(({ purpose }) => purpose.includes(id));
const called = (method: string) =>
  eventually(method, () => world.slack.calls.some(({ path }) => path.includes(method)));
/** The thread of the card is written last, and then the run follows the incident. */
async function followed(urgency?: 'high' | 'low'): Promise<string> {
  const id = raise(urgency);
  await eventually('the details', () => {
    const ts = cardOf(world.slack, id)?.ts;
    return ts && world.slack.world.messages.some(({ threadTs }) => threadTs === ts);
  });
  return id;
}
const resolved = async (urgency?: 'high' | 'low') => {
  const id = await followed(urgency);
  resolveAs(world.pagerDuty, id, 'PBENOKA');
  return id;
};

/** How long a change that has begun may take: its attempt ends after 10 s. */
const bounded = 15_000;

/** Gives the keys of changes that were begun, and of those that came to an end. */
async function changesOf(id: string): Promise<{ begun: string[]; ended: string[] }> {
  const lines = await world.record(id);
  const keysOf = (...actions: string[]) =>
    lines
      .filter(({ action }) => actions.includes(action))
      .map(({ detail }) => String((detail as { key?: unknown }).key));
  return {
    begun: keysOf('activity.intended'),
    ended: keysOf('activity.completed', 'activity.failed'),
  };
}

/** Cancels the run, and gives how it ended. Whatever it had begun by then has come to an end, too. */
async function cancel(id: string) {
  const run = world.temporal.client.workflow.getHandle(`rooms/${id}`);
  await run.cancel();
  const ended = async () => (await run.describe()).status.name !== 'RUNNING';
  await eventually('the run to end', ended, bounded);
  const { begun, ended: over } = await changesOf(id);
  expect(begun.filter((key) => !over.includes(key))).toEqual([]);
  const row = await world.run(`rooms/${id}`);
  return { inTemporal: (await run.describe()).status.name, state: row?.state, outcome: row?.outcome };
}
const cancelled = { inTemporal: 'CANCELLED', state: 'cancelled', outcome: 'cancelled' };

describe('a run of the production policy that is cancelled', () => {
  it('while it opens the room ends once the room is there, and does no more', async () => {
    world.slack.fail({ kind: 'delay', ms: 500, match: 'conversations.create', times: 1 });
    const id = raise();
    await called('conversations.create');
    expect(await cancel(id)).toEqual(cancelled);
    expect(roomOf(id)).toMatchObject({ archived: false });
    expect(cardOf(world.slack, id)).toBeUndefined();
  });

  it('while Slack is away waits for none of it', async () => {
    world.slack.fail({ kind: 'status', status: 503, times: 10_000 });
    const id = raise();
    await called('conversations.create');
    expect(await cancel(id)).toEqual(cancelled);
    await noMoreFaults();
    expect(roomOf(id)).toBeUndefined();
  });

  it('while a call to Slack hangs ends with the attempt', async () => {
    world.slack.fail({ kind: 'hang', match: 'chat.postMessage', times: 1 });
    const id = raise();
    await called('chat.postMessage');
    expect(await cancel(id)).toEqual(cancelled);
    expect(cardOf(world.slack, id)).toBeUndefined();
  });

  it('while it follows the incident leaves the room as it is', async () => {
    const id = await followed();
    expect(await cancel(id)).toEqual(cancelled);
    expect(roomOf(id)).toMatchObject({ archived: false });
  });

  it('while it waits whether the incident is opened again leaves the room as it is', async () => {
    const id = await resolved();
    await eventually('the resolve', () => roomOf(id)?.topic.includes('Resolved'));
    expect(await cancel(id)).toEqual(cancelled);
    expect(roomOf(id)).toMatchObject({ archived: false });
  });

  it('while it archives the room, its last step, has done all that it had to', async () => {
    world.slack.fail({ kind: 'delay', ms: 500, match: 'conversations.archive', times: 1 });
    const id = await resolved('low');
    await called('conversations.archive');
    expect(await cancel(id)).toEqual({
      inTemporal: 'COMPLETED',
      state: 'completed',
      outcome: 'followed to the end',
    });
    expect(roomOf(id)).toMatchObject({ archived: true });
  });

  // With its room set up it has made some thirty.
  it.each([1, 4, 8, 12, 16, 20, 24, 28])('after any call ends: after %i calls', async (count) => {
    const id = raise();
    await eventually('the calls', () => providers().flatMap(({ calls }) => calls).length >= count);
    expect(await cancel(id)).toEqual(cancelled);
  });
});
