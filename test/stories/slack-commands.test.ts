import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { simulatedAppToken } from '../../simulator/slack/world.ts';
import { fillForm } from '../../simulator/slack-person.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { slackRequest } from '../../triggers/slack-request.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';
import { overHttp, overSocket } from './slack-doors.ts';

let world: World;
beforeAll(async () => {
  const env = { SLACK_APP_TOKEN: simulatedAppToken };
  world = await startWorld({ triggers: [productionIncident, slackRequest], env });
  await eventually('the socket', () => world.slack.sockets.open.length > 0);
});
afterAll(() => world.close());

/** What is typed, what the person is told at once, and how the ledger of PagerDuty names what came of it. */
const commands: [text: string, told: string, effect: string][] = [
  ['ack', 'Baton will acknowledge the incident of this channel as you', 'incident acknowledged'],
  ['priority P2', 'Baton will set the priority', 'incident priority set'],
  ['note It is the disk', 'Baton will add your note', 'note added'],
  ['snooze 30m', 'Baton will snooze the incident of this channel for 30 minutes', 'incident snoozed'],
  ['escalate', 'Baton will escalate the incident of this channel as you', 'incident escalated'],
  ['reassign <@U0ADA|ada>', 'Baton will assign the incident of this channel', 'incident reassigned'],
  ['update Search is slow', 'Baton will publish your status update', 'status update published'],
  ['resolve', 'Baton will resolve the incident of this channel as you', 'incident resolved'],
];

describe.each([
  { way: 'a signed form', over: overHttp, userId: 'U0ADA', email: 'ada@example.com' },
  { way: 'the socket that Baton has opened', over: overSocket, userId: 'U0BEN', email: 'ben@example.com' },
])('what somebody types in an incident’s room, by $way', ({ over, userId, email }) => {
  it('is told at once, and done in their name, in that order', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'Search is slow', service: 'Search' });
    const { channelId } = await eventually('the status card', () => cardOf(world.slack, id));
    const door = over(world);
    for (const [text, told] of commands) expect(await door.type(text, { userId, channelId })).toContain(told);
    const done = () =>
      world.pagerDuty.ledger
        .filter(({ target, by }) => target === id && by === email)
        .map(({ effect }) => effect);
    await eventually('all to be done', () => done().includes('incident resolved'));
    // A resolve says in a note whose it was.
    expect(done()).toEqual(commands.map(([, , effect]) => effect).toSpliced(-1, 0, 'note added'));
  });
});

describe('a form', () => {
  it('closes when it is sent, and its person is told at once what will be done, then what was', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'Search is slow', service: 'Search' });
    const { channelId } = await eventually('the status card', () => cardOf(world.slack, id));
    await eventually('her in the room', () =>
      world.slack.world.channels.some((each) => each.id === channelId && each.memberIds.includes('U0ADA')),
    );
    const ada = { userId: 'U0ADA', channelId };
    expect(await overHttp(world).type('note', ada)).toBe('');
    const sent = await fillForm(
      world.slack,
      { ...ada, batonUrl: world.server.url },
      { text: 'It is the disk' },
    );
    expect([sent.status, sent.text]).toEqual([200, '']);
    const told = () =>
      world.slack.world.ephemerals.filter((each) => each.channelId === channelId).map(({ text }) => text);
    await eventually('the note to be there', () => told().length === 2);
    expect(told()).toEqual([
      'Baton will add your note to the incident of this channel. You are told here when it is done.',
      'Your note is added to the incident in PagerDuty.',
    ]);
  });
});
