import { expect } from 'vitest';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { type Heard, typeCommand } from '../../simulator/slack-person.ts';
import { cardOf, eventually, type World } from '../world.ts';

/** How tests ask for something in Slack, and what comes of it. `usual`: the channel where they write, unless they say another one. */
export function asking(world: () => World, usual: () => string) {
  /** A high-urgency incident whose room and card are there. */
  async function withRoom() {
    const id = raiseIncident(world().pagerDuty, { title: 'Search p99 latency above 2 s', service: 'Search' });
    const card = await eventually('the status card', () => cardOf(world().slack, id));
    await eventually('the note of the policy', () =>
      world().pagerDuty.ledger.some(({ effect, target }) => effect === 'note added' && target === id),
    );
    return { incidentId: id, channelId: card.channelId };
  }

  const someone = (userId: string, where = usual()) => ({
    userId,
    channelId: where,
    batonUrl: world().server.url,
  });
  const type = (text: string, { userId = 'U0ADA', where = usual() } = {}) =>
    typeCommand(world().slack, someone(userId, where), text);
  /** The newest runs of requests. */
  const requests = async () =>
    (await world().store.listRuns({ limit: 20 })).filter(({ trigger }) => trigger === 'slack-request');

  /** What is said, and the runs that it comes to when they have ended. */
  async function runsOf<Said>(saying: () => Promise<Said>, count: number) {
    const before = new Set((await requests()).map(({ id }) => id));
    const said = await saying();
    const runs = await eventually(`${count} requests to be carried out`, async () => {
      const ended = (await requests()).filter(({ id, endedAt }) => endedAt && !before.has(id));
      return ended.length === count ? ended : undefined;
    });
    return { said, outcomes: runs.map(({ outcome }) => outcome) };
  }

  async function carriedOut(saying: () => Promise<Heard>) {
    const { said: heard, outcomes } = await runsOf(saying, 1);
    expect([heard.status, heard.milliseconds < 3_000]).toEqual([200, true]);
    return { heard, outcome: outcomes[0] };
  }
  const done = (text: string, by: { userId?: string; where?: string } = {}) =>
    carriedOut(() => type(text, by));

  /** In private: in the channel, or as a direct message to whoever is not in it. */
  const toldTo = (userId: string) => {
    const { ephemerals, messages, channels } = world().slack.world;
    const own = channels.filter(({ kind, memberIds }) => kind === 'im' && memberIds.includes(userId));
    return [
      ...ephemerals.filter((each) => each.userId === userId),
      ...messages.filter(({ channelId }) => own.some(({ id }) => id === channelId)),
    ]
      .toSorted((one, other) => Number(one.ts) - Number(other.ts))
      .map(({ text }) => text);
  };
  const lastTold = (userId = 'U0ADA') => toldTo(userId).at(-1) ?? '';
  const inRoom = (where = usual()) =>
    world()
      .slack.world.messages.filter((each) => each.channelId === where)
      .map(({ text }) => text);

  return { withRoom, someone, type, runsOf, carriedOut, done, toldTo, lastTold, inRoom };
}
