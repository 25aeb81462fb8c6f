import { describe, expect, it } from 'vitest';
import { noteIncident } from '../../server/operations/incident-changes.ts';
import { incidentTimeline } from '../../server/operations/incident-timeline.ts';
import { incidentWhy } from '../../server/operations/incident-why.ts';
import type { OperationContext } from '../../server/operations/operation.ts';
import { perform } from '../../server/operations/perform.ts';
import { impair } from '../../simulator/ec2.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { simulatedAppToken } from '../../simulator/slack/world.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { slackAction } from '../../triggers/slack-action.ts';
import { slackRequest } from '../../triggers/slack-request.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { pagerdutyProductionIncidentPolicy } from '../../workflows/pagerduty-production-incident-policy.ts';
import { entry } from '../store/world.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';
import { type Door, overHttp, overSocket } from './slack-doors.ts';
import { type Step, transcriptOf } from './transcript.ts';

/** As shipped, but that the room is left after seconds and not after a day. */
const productionIncident = defineTrigger({
  name: 'production-incident',
  on: 'pagerduty.incident.triggered',
  when: { 'urgency is high': ({ urgency }) => urgency === 'high' },
  run: pagerdutyProductionIncidentPolicy,
  input: ({ id }) => ({ incidentId: id, graceTime: '1 second' as const }),
  whenResolved: 'continue',
});
const triggers = [productionIncident, ec2Unhealthy, slackAction, slackRequest, approvalMessage];

/** The instance of the simulated EC2 that lacks the tag which allows a reboot. */
const instance = 'i-0def12345abc67890';

/** Eve responds to incidents in PagerDuty, and has no role in Baton that lets her approve; Ben is given one. */
async function addPeople({ slack, pagerDuty, store }: World): Promise<void> {
  const eve = { id: 'U0EVE', name: 'eve', realName: 'Eve Else', email: 'eve@example.com' };
  slack.world.users.push({ ...eve, deleted: false, guest: false, bot: false });
  pagerDuty.world.users.push({ id: 'PEVEELS', name: 'Eve Else', email: 'eve@example.com' });
  await store.setRole('ben@example.com', 'approver', entry());
}

/** The story that everybody reads afterwards: in words, from all three sources, and what each run is about. */
async function looksBack({ store }: World, id: string, around: OperationContext): Promise<void> {
  while ((await store.seal()) > 0);
  const story = await perform(incidentTimeline, { id, show: 'all', limit: 200 }, around);
  const texts = story.items.map(({ text }) => text).join('\n');
  expect(story.warnings).toEqual([]);
  expect(story).toMatchObject({
    acknowledgedBy: 'Ada Lopez',
    resolvedAfterSeconds: expect.any(Number),
    withAutomation: true,
  });
  expect(texts).toContain(`rebootEc2Instances ${instance}: Reboots ${instance}, approved by Ben Okafor`);
  expect(texts).toContain('adds a note');
  expect(texts).toContain('Ada Lopez noted: "The index is on this one');
  expect(texts).toMatch(/waits for an approval until 20\S+ \S+ UTC: Reboots/);
  const why = await perform(incidentWhy, { id }, around);
  expect(why.summary).toMatch(/^Nothing runs now. Ended: .*\(restarted\)/);
}

async function playWholeIncident(world: World, door: Door): Promise<string> {
  const { slack, pagerDuty, ec2, jira, store } = world;
  const said: Step[] = [];
  const heard = (who: string, did: string) => said.push({ at: new Date().toISOString(), who, did });
  await addPeople(world);

  impair(ec2, instance);
  heard('Monitoring', `${instance} fails its status check: an incident is raised`);
  const id = raiseIncident(pagerDuty, { title: `EC2 ${instance} StatusCheckFailed`, service: 'Search' });

  const { channelId } = await eventually('the card in its room', () => cardOf(slack, id));
  const room = await eventually('the people on call to be invited', () =>
    slack.world.channels.find((each) => each.id === channelId && each.memberIds.includes('U0ADA')),
  );
  const issue = await eventually('the Jira issue', () => jira.world.issues[0]);
  room.memberIds.push('U0EVE', 'U0BEN');
  const card = () => JSON.stringify(cardOf(slack, id)?.blocks);

  heard('Ada', 'types in the room: /baton ack');
  const answer = await door.type('ack', { userId: 'U0ADA', channelId });
  heard('Slack to U0ADA', answer);
  expect(answer).toContain('Baton will acknowledge the incident of this channel as you');
  await eventually('the card to name Ada', () => card().includes('Acknowledged by Ada Lopez'));

  const approval = await eventually(
    'an approval to be asked for',
    async () => (await store.pageOfApprovals({ subject: id, limit: 10 })).items[0],
  );
  const ask = () => {
    const found = slack.world.messages.find(({ metadata }) => metadata?.event_type === 'baton_approval');
    return { ...found, text: found?.text ?? '', blocks: JSON.stringify(found?.blocks ?? '') };
  };
  await eventually('it to be asked in the room', () => ask().channelId === channelId);
  expect(ask().blocks).toContain(`ec2:RebootInstances ${instance}`);
  await eventually(
    'the message to be known',
    async () => (await store.findApproval(approval.id))?.messages[0],
  );
  const button = { actionId: 'approve', value: approval.id, channelId, messageTs: ask().ts ?? '' };
  const toldTo = (userId: string) =>
    slack.world.ephemerals.flatMap((each) => (each.userId === userId ? [each.text] : [])).join('\n');

  heard('Eve', 'presses Approve');
  await door.press({ ...button, userId: 'U0EVE' });
  await eventually('Eve to be told', () => toldTo('U0EVE').includes('Baton did not approve'));
  expect(toldTo('U0EVE')).toContain('An admin can change that: baton people set eve@example.com --role');
  expect(ec2.ledger).toEqual([]);

  heard('Ada', 'adds a note by the console');
  const ada = {
    kind: 'person',
    name: 'ada@example.com',
    calledName: 'Ada Lopez',
    role: 'responder',
  } as const;
  const around = { ...world.operations, principal: ada, via: 'console' } as const;
  await perform(noteIncident, { id, text: 'The index is on this one' }, around);

  heard('Ben', 'presses Approve');
  await door.press({ ...button, userId: 'U0BEN' });
  await eventually('the incident to be resolved', () =>
    pagerDuty.world.incidents.some((each) => each.id === id && each.status === 'resolved'),
  );
  await eventually('the approval to be closed where it was asked', () =>
    ask().blocks.includes('Approved by Ben Okafor (slack'),
  );
  expect(ask().text).toContain('🟢 Approved');
  expect(ask().blocks).not.toContain('"approve"');
  await eventually('the card to be green', () => card().includes('🟢 Resolved'));
  await eventually('the transcript to be kept', () =>
    JSON.stringify(issue.comments).includes('Transcript of the war room'),
  );
  await eventually('the room to be archived', () => room.archived);
  await eventually('all runs to end', async () => (await world.runs(id)).every(({ endedAt }) => endedAt));

  expect(issue.status).toBe('Done');
  expect(ec2.ledger).toMatchObject([{ effect: 'instance rebooted', target: instance }]);
  expect(pagerDuty.ledger).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ effect: 'incident acknowledged', by: 'ada@example.com' }),
      expect.objectContaining({ effect: 'incident resolved' }),
    ]),
  );
  const runs = (await world.runs(id)).map(({ trigger, outcome }) => `${trigger}: ${outcome}`);
  expect(runs).toEqual(
    expect.arrayContaining(['ec2-unhealthy: restarted', 'production-incident: followed to the end']),
  );
  expect((await store.verifyRecord()).ok).toBe(true);
  await looksBack(world, id, around);
  return transcriptOf(world, said, await world.record(id));
}

/** `BATON_TEST_TRANSCRIPT=1` shows it to whoever runs the test. */
function show(way: string, transcript: string): void {
  if (process.env.BATON_TEST_TRANSCRIPT === '1') console.info(`${way}\n\n${transcript}`);
}

describe('a whole incident, from the alarm to the green card', () => {
  it('goes by signed HTTP requests from PagerDuty and Slack', async () => {
    const world = await startWorld({ triggers });
    try {
      show('By signed HTTP requests', await playWholeIncident(world, overHttp(world)));
    } finally {
      await world.close();
    }
  }, 120_000);

  it('goes the same where nobody reaches Baton, which pulls from PagerDuty and opens its own socket to Slack', async () => {
    const env = { SLACK_APP_TOKEN: simulatedAppToken, SLACK_SIGNING_SECRET: undefined };
    const world = await startWorld({ triggers, env, pulls: true });
    try {
      await eventually('the socket', () => world.slack.sockets.open.length > 0);
      const transcript = await playWholeIncident(world, overSocket(world));
      expect(world.pagerDuty.world.subscriptions).toEqual([]);
      show('By traffic of Baton’s own alone', transcript);
    } finally {
      await world.close();
    }
  }, 120_000);
});
