import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseIncident, simulatedWebhookSecret } from '../../simulator/pagerduty.ts';
import { pagerDutyWebhook } from '../../simulator/pagerduty-webhooks.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { laterEvents } from '../../workflows/kit/run.ts';
import { emitScheduleEvent } from '../../workflows/kit/schedule.ts';
import { eventually, startWorld, type World } from '../world.ts';

let isMended = false;
const mended = defineTrigger({
  name: 'mended',
  on: 'pagerduty.incident.triggered',
  when: { 'is mended': () => isMended },
  run: emitScheduleEvent,
  input: () => 'mended',
});

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident, mended] });
});
afterAll(() => world.close());

/** An incident that PagerDuty has, and of which it tells only by what `tell` sends. */
function untold() {
  const { subscriptions } = world.pagerDuty.world;
  const kept = subscriptions.splice(0);
  const id = raiseIncident(world.pagerDuty, { title: 'Checkout errors', service: 'Search' });
  subscriptions.push(...kept);
  const tell = async (step: 'triggered' | 'acknowledged' | 'resolved', second: number) => {
    const { headers, body } = pagerDutyWebhook(simulatedWebhookSecret, {
      id: `${step}${id}`,
      event_type: `incident.${step}`,
      resource_type: 'incident',
      occurred_at: `2026-11-25T10:00:0${second}Z`,
      agent: null,
      client: null,
      data: {
        id,
        type: 'incident',
        number: 1,
        status: step,
        title: 'Checkout errors',
        urgency: 'high',
        service: { id: 'PSEARCH', type: 'service_reference', summary: 'Search' },
        assignees: [],
        teams: [],
      },
    });
    const answer = await fetch(`${world.server.url}/webhooks/pagerduty`, { method: 'POST', headers, body });
    await answer.body?.cancel();
    return eventually(`${step} to be settled`, async () => {
      const event = await world.store.findEvent(`${step}${id}`);
      return event?.disposition && event;
    });
  };
  return { id, tell };
}

describe('a triggered event that comes after its acknowledgement', () => {
  it('still starts what its triggers say, and the run learns of the acknowledgement', async () => {
    const { id, tell } = untold();
    await tell('acknowledged', 3);
    expect(await tell('triggered', 0)).toMatchObject({ disposition: 'dispatched' });
    const run = `production-incident/${id}`;
    expect((await world.runs(id)).map((each) => each.id)).toEqual([run]);
    await eventually('the signal', async () => {
      const { events } = await world.temporal.client.workflow.getHandle(run).fetchHistory();
      return events?.some(
        (event) => event.workflowExecutionSignaledEventAttributes?.signalName === laterEvents.name,
      );
    });
  });

  it('starts nothing when the incident is resolved', async () => {
    const { id, tell } = untold();
    await tell('acknowledged', 3);
    await tell('resolved', 4);
    expect(await tell('triggered', 0)).toMatchObject({ disposition: 'stale' });
    expect(await world.runs(id)).toEqual([]);
  });
});

describe('a replay', () => {
  const replay = async (seq: number) => {
    await world.store.replay(seq, 'person:ada@example.com', 'cli');
    world.server.wake();
    return eventually('the replay', async () => {
      const event = await world.store.findEvent(String(seq));
      return event?.disposition && event;
    });
  };

  it('asks the triggers anew, also after somebody has acknowledged, and starts nothing twice', async () => {
    const { id, tell } = untold();
    const { seq } = await tell('triggered', 0);
    await tell('acknowledged', 3);
    isMended = true;
    expect(await replay(seq)).toMatchObject({ disposition: 'dispatched' });
    const ids = async () => (await world.runs(id)).map((run) => run.id).sort();
    expect(await ids()).toEqual([`mended/${id}`, `production-incident/${id}`]);
    await replay(seq);
    expect(await ids()).toEqual([`mended/${id}`, `production-incident/${id}`]);
    isMended = false;
  });
});
