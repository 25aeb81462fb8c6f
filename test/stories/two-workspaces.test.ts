import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { newSecret } from '../../simulator/secret.ts';
import { responseUrlAt, slackCommand } from '../../simulator/slack/requests.ts';
import { clickPayload, type SlackSimulator, slackClick, startSlack } from '../../simulator/slack.ts';
import { addNamed } from '../named-connections.ts';
import { entry } from '../store/world.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';

const secret = newSecret();
let world: World;
let beta: SlackSimulator;
beforeAll(async () => {
  world = await startWorld();
  beta = await startSlack();
  beta.world.token = newSecret();
  beta.world.appToken = newSecret();
  await addNamed(world.connections, 'beta', 'slack', {
    SLACK_BOT_TOKEN: beta.world.token,
    SLACK_SIGNING_SECRET: secret,
    SLACK_APP_TOKEN: beta.world.appToken,
    SLACK_API_URL: `${beta.url}/api/`,
  });
  const service = world.pagerDuty.world.services.find(({ name }) => name === 'Search')?.id ?? '';
  await world.store.setRoute({ provider: 'slack', service, connection: 'beta' }, 'token:admin', entry());
  await world.connections.look();
});
afterAll(async () => {
  await world.close();
  await beta.close();
});

async function incidentInBeta(): Promise<string> {
  const id = raiseIncident(world.pagerDuty, { title: 'Search p99 latency above 2 s', service: 'Search' });
  await eventually('its card in the workspace beta', () => cardOf(beta, id));
  return id;
}

function buttonOf(id: string, actionId: string) {
  const card = cardOf(beta, id);
  const where = { channelId: card?.channelId ?? '', messageTs: card?.ts ?? '' };
  const responseUrl = responseUrlAt(beta.url, { ...where, userId: 'U0ADA' });
  return { actionId, incidentId: id, userId: 'U0ADA', ...where, responseUrl };
}

async function post(path: string, { headers, body }: { headers: Record<string, string>; body: string }) {
  const answer = await fetch(`${world.server.url}/slack/${path}`, { method: 'POST', headers, body });
  await answer.body?.cancel();
  return answer.status;
}

const effectsOn = (id: string) =>
  world.pagerDuty.ledger.filter(
    ({ target, effect }) => target === id && /acknowledged|resolved/.test(effect),
  );
const toldIn = ({ world: { ephemerals } }: SlackSimulator, words: string) =>
  ephemerals.find(({ userId, text }) => userId === 'U0ADA' && text.includes(words));

describe('an incident whose room is in another workspace of Slack', () => {
  it('is acknowledged there by a click that this workspace has signed, and all answers go there', async () => {
    const id = await incidentInBeta();
    const button = buttonOf(id, 'acknowledge');
    const own = world.env.SLACK_SIGNING_SECRET ?? '';
    expect(await post('interactivity/beta', slackClick({ ...button, signingSecret: own }))).toBe(401);
    expect(await post('interactivity', slackClick({ ...button, signingSecret: secret }))).toBe(401);
    expect(effectsOn(id)).toEqual([]);

    expect(await post('interactivity/beta', slackClick({ ...button, signingSecret: secret }))).toBe(200);
    await eventually('the acknowledgement', () => effectsOn(id)[0]);
    expect(effectsOn(id)).toMatchObject([{ effect: 'incident acknowledged', by: 'ada@example.com' }]);
    await eventually('the answer', () => toldIn(beta, 'You acknowledged'));

    const command = { userId: 'U0ADA', channelId: button.channelId, responseUrl: button.responseUrl };
    const typed = slackCommand({ ...command, text: 'status', signingSecret: secret });
    expect(await post('commands/beta', typed)).toBe(200);
    await eventually('the status', () => toldIn(beta, 'acknowledged'));
    expect(world.slack.world.ephemerals).toEqual([]);
    expect(cardOf(world.slack, id)).toBeUndefined();
    expect(world.slack.calls).toEqual([]);
  });

  it('is resolved there by a click that comes over the socket of this workspace', async () => {
    const id = await incidentInBeta();
    await eventually('the socket', () => beta.sockets.open.length > 0);
    const ready = (await (await fetch(`${world.server.url}/readyz`)).json()) as { slackSockets?: object };
    expect(ready.slackSockets).toMatchObject({ beta: { state: 'up' } });
    expect(world.slack.sockets.open).toEqual([]);
    await beta.sockets.send({ type: 'interactive', payload: clickPayload(buttonOf(id, 'resolve')) });
    await eventually('the end', () => effectsOn(id).some(({ effect }) => effect === 'incident resolved'));
    await eventually('the answer', () => toldIn(beta, 'resolved'));
    expect(world.slack.calls).toEqual([]);
  });
});
