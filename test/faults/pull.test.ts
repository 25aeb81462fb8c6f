import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  acknowledgeAs,
  raiseIncident,
  resolveAs,
  simulatedWebhookSecret,
} from '../../simulator/pagerduty.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident], pulls: true });
});
afterAll(() => world.close());

const events = async (subject: string) =>
  (await world.store.listEvents({ subject, limit: 100 })).toReversed();
const raise = () => raiseIncident(world.pagerDuty, { title: 'Checkout errors', service: 'Checkout' });
const noteOn = (id: string) =>
  eventually('the note of the run', () =>
    world.pagerDuty.world.notes.find(
      ({ incidentId, content }) => incidentId === id && content.includes('OPS-'),
    ),
  );

describe('an incident at a PagerDuty that reaches Baton by no webhook', () => {
  it('is handled from its trigger to its end, and what Baton does there itself starts and stops nothing', async () => {
    const id = raise();
    await noteOn(id);
    const annotated = await eventually('the note to come back', async () =>
      (await events(id)).find(({ type, disposition }) => type.endsWith('.annotated') && disposition),
    );
    expect(annotated).toMatchObject({
      disposition: 'ignored',
      reason: expect.stringContaining('echo of addPagerDutyNote'),
    });
    acknowledgeAs(world.pagerDuty, id, 'PBENOKA');
    await eventually('the card to name who acknowledged', () =>
      JSON.stringify(cardOf(world.slack, id)?.blocks).includes('Ben Okafor'),
    );
    resolveAs(world.pagerDuty, id, 'PBENOKA');
    await eventually('the issue to be done', () => world.jira.world.issues[0]?.status === 'Done');
    expect((await world.runs(id)).map((run) => run.id)).toEqual([`production-incident/${id}`]);
    expect(new Set((await events(id)).map(({ source }) => source))).toEqual(
      new Set(['/pagerduty-log/default']),
    );
  });

  it('whose webhooks come after all starts nothing again, and no run is told of a thing twice', async () => {
    const { subscriptions } = world.pagerDuty.world;
    subscriptions.push({ url: `${world.server.url}/webhooks/pagerduty`, secret: simulatedWebhookSecret });
    const id = raise();
    await noteOn(id);
    acknowledgeAs(world.pagerDuty, id, 'PBENOKA');
    const told = await eventually('both ways', async () => {
      const all = (await events(id)).filter(({ type }) => !type.includes('.log.'));
      const isWhole = ['triggered', 'annotated', 'acknowledged'].every(
        (type) => all.filter((each) => each.type.endsWith(type) && each.disposition).length >= 2,
      );
      return isWhole ? all : undefined;
    });
    for (const type of ['triggered', 'acknowledged']) {
      const dispositions = told
        .filter((each) => each.type.endsWith(type))
        .map(({ disposition }) => disposition);
      expect([type, dispositions]).toEqual([type, ['dispatched', 'duplicate']]);
    }
    expect((await world.runs(id)).map((run) => run.id)).toEqual([`production-incident/${id}`]);
  });
});
