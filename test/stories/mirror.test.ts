import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acknowledgeAs, raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { startTimeSkipping } from '../temporal.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident], temporal: await startTimeSkipping() });
});
afterAll(async () => {
  await world.close();
  await world.temporal.teardown();
});

/** An incident whose room and issue are there and say all that they say at first. */
async function withRoom() {
  const id = raiseIncident(world.pagerDuty, { title: 'Search is slow', service: 'Search' });
  await eventually('the details in the thread of the card', () =>
    world.slack.world.messages.some(({ threadTs }) => threadTs !== undefined),
  );
  await world.temporal.sleep('3 seconds');
  const card = () => JSON.stringify(cardOf(world.slack, id)?.blocks ?? '');
  await eventually('the card to say what was done', () => card().includes('Invited'));
  const incident = world.pagerDuty.world.incidents.find((each) => each.id === id);
  const room = world.slack.world.channels.find(({ purpose }) => purpose.includes(id));
  const issue = world.jira.world.issues.find(({ fields }) => fields.labels.includes(`baton-${id}`));
  if (!incident || !room || !issue) throw new Error('The room or the issue is missing');
  return { incident, room, issue, card };
}

describe('what people do to an incident in PagerDuty itself', () => {
  it('is on the card, in the topic and on the issue within 5 s', async () => {
    const { incident, room, issue, card } = await withRoom();
    const shows = async (change: () => void, text: string) => {
      const start = await world.temporal.currentTimeMs();
      change();
      await world.temporal.sleep('3 seconds');
      await eventually(text, () =>
        [card(), room.topic, JSON.stringify(issue.comments)].every((shown) => shown.includes(text)),
      );
      expect((await world.temporal.currentTimeMs()) - start).toBeLessThan(5_000);
    };
    const p2 = world.pagerDuty.world.priorities.find(({ name }) => name === 'P2')?.id ?? '';
    const ben = { type: 'user', id: 'PBENOKA' } as const;
    await shows(() => acknowledgeAs(world.pagerDuty, incident.id, 'PBENOKA'), 'Acknowledged by Ben Okafor');
    await shows(() => world.pagerDuty.account.setPriority(incident, p2, ben), 'P2');
    await shows(() => resolveAs(world.pagerDuty, incident.id, 'PBENOKA'), 'Resolved by Ben Okafor');
    await eventually('the issue to be done', () => issue.status === 'Done');
  });
});
