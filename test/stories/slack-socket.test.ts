import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { simulatedAppToken } from '../../simulator/slack/world.ts';
import { slackClick } from '../../simulator/slack.ts';
import { pressButton } from '../../simulator/slack-person.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ env: { SLACK_APP_TOKEN: simulatedAppToken, SLACK_SIGNING_SECRET: undefined } });
  await eventually('the socket', () => world.slack.sockets.open.length > 0);
});
afterAll(() => world.close());

async function incidentWithCard(): Promise<string> {
  const id = raiseIncident(world.pagerDuty, { title: 'Search p99 latency above 2 s', service: 'Search' });
  await eventually('the status card', () => cardOf(world.slack, id));
  return id;
}

const acknowledgements = (incidentId: string) =>
  world.pagerDuty.ledger.filter(
    ({ effect, target }) => effect === 'incident acknowledged' && target === incidentId,
  );

describe('a button pressed where Slack reaches no address of ours', () => {
  it('acknowledges as the person, over the connection that we opened', async () => {
    const id = await incidentWithCard();
    pressButton(world.slack, {
      actionId: 'acknowledge',
      incidentId: id,
      userId: 'U0ADA',
      to: world.slack.sockets,
    });
    await eventually('the acknowledgement', () => acknowledgements(id)[0]);
    expect(acknowledgements(id).map(({ by }) => by)).toEqual(['ada@example.com']);
    await eventually('the answer', () =>
      world.slack.world.ephemerals.find(
        ({ userId, text }) => userId === 'U0ADA' && text.includes('You acknowledged'),
      ),
    );
    const { headers, body } = slackClick({
      signingSecret: 'any',
      actionId: 'resolve',
      incidentId: id,
      userId: 'U0ADA',
      channelId: 'C1',
      messageTs: '1.000001',
    });
    const refused = await fetch(`${world.server.url}/slack/interactivity`, { method: 'POST', headers, body });
    await refused.body?.cancel();
    expect(refused.status).toBe(503);
  });
});
