import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { simulatedAppToken } from '../../simulator/slack/world.ts';
import { clickPayload } from '../../simulator/slack.ts';
import { slackAction } from '../../triggers/slack-action.ts';
import { startPostgres } from '../store/postgres.ts';
import { eventually, startServerBeside, startWorld, type World } from '../world.ts';

const triggers = [slackAction];

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

/** A world of its own for each test: no socket of another one's server is still open in it. */
async function startWorldBySocket(): Promise<World> {
  const world = await startWorld({
    triggers,
    databaseUrl: await postgres?.newDatabase(),
    env: { SLACK_APP_TOKEN: simulatedAppToken },
  });
  onTestFinished(() => world.close());
  return world;
}

describe('100 clicks, each of which comes over the sockets of two servers', () => {
  it('act once each', async () => {
    const world = await startWorldBySocket();
    const beside = await startServerBeside(world, { triggers, slackAppToken: simulatedAppToken });
    onTestFinished(beside.stop);
    const { sockets } = world.slack;
    await eventually('two sockets', () => sockets.open.length === 2);
    const ids = Array.from({ length: 100 }, (_, index) =>
      raiseIncident(world.pagerDuty, { title: `Search is slow ${index}`, service: 'Search' }),
    );
    const { channels, messages, bot } = world.slack.world;
    const [general] = channels;
    general?.memberIds.push(bot.userId);
    const acks = await Promise.all(
      ids.flatMap((incidentId, index) => {
        const where = { channelId: 'C0GENERAL', messageTs: `1763629200.${100_000 + index}` };
        messages.push({ channelId: 'C0GENERAL', ts: where.messageTs, userId: bot.userId, text: 'Search' });
        const payload = clickPayload({ actionId: 'acknowledge', incidentId, userId: 'U0ADA', ...where });
        return sockets.open.map((socket) => sockets.send({ type: 'interactive', payload }, socket));
      }),
    );
    expect(acks).toEqual(Array.from({ length: 200 }, () => ({})));
    const runs = await eventually(
      'the clicks to be carried out',
      async () => {
        const all = await world.store.listRuns({ limit: 500 });
        return all.length >= 100 && all.every(({ endedAt }) => endedAt) ? all : undefined;
      },
      60_000,
    );
    expect(runs.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 100 }, () => 'acknowledged'));
    const acknowledged = world.pagerDuty.ledger.filter(({ effect }) => effect === 'incident acknowledged');
    expect(acknowledged.map(({ target }) => target).sort()).toEqual(ids.sort());
    const clicks = (await world.store.listEvents({ limit: 1_000 })).filter(
      ({ type }) => type === 'slack.action',
    );
    expect(clicks.filter(({ disposition }) => disposition === 'duplicate')).toHaveLength(100);
    expect(clicks).toHaveLength(200);
  }, 90_000);
});

describe('a connection on which Slack falls silent', () => {
  it('is replaced, though nobody closed it', async () => {
    const world = await startWorldBySocket();
    const { sockets } = world.slack;
    const first = await eventually('a socket', () => sockets.open[0]);
    first.pause();
    await eventually('another one', () => sockets.open.some((each) => each !== first));
    await eventually('the log to tell', () =>
      world.log.find((line) => line.includes('Slack is not connected') && line.includes('was closed')),
    );
  });
});
