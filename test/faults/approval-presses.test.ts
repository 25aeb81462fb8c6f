import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Approval, ApprovalRequest } from '../../domain/approval.ts';
import { resolveAs } from '../../simulator/pagerduty.ts';
import { simulatedSigningSecret } from '../../simulator/slack/world.ts';
import { signSlack } from '../../simulator/slack.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { slackRequest } from '../../triggers/slack-request.ts';
import { entry } from '../store/world.ts';
import { type Button, signedPress } from '../stories/slack-doors.ts';
import { eventually, startWorld, type World } from '../world.ts';
import { asking } from './asking.ts';
import { nothing, once, pressing } from './pressing.ts';

let world: World;
let room: { incidentId: string; channelId: string };
const { withRoom } = asking(
  () => world,
  () => room.channelId,
);
const {
  asked,
  askedByRun,
  pendingOf,
  buttonOf,
  send,
  press,
  pressed,
  answersTo,
  kept,
  shownAs,
  rebootsOf,
  count,
} = pressing(
  () => world,
  () => room,
);

beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident, ec2Unhealthy, approvalMessage, slackRequest] });
  for (const name of ['ben', 'cleo', 'gus', 'vera'])
    await world.store.setRole(`${name}@example.com`, 'approver', entry());
  const member = (name: string, more: object = {}) => ({
    id: `U0${name.toUpperCase()}`,
    name,
    realName: name,
    email: `${name}@example.com`,
    deleted: false,
    guest: false,
    bot: false,
    ...more,
  });
  world.slack.world.users.push(
    member('cleo', { realName: 'Cleo Roy' }),
    member('gus', { deleted: true }),
    member('vera', { emailConfirmed: false }),
  );
  room = await withRoom();
});
afterAll(() => world.close());

const isTaken = 'It was approved by';

describe('a press of a button of an approval', () => {
  it.each([
    ['approve', 'You approved it.', 'approved', 'Approved by Ben Okafor (slack'],
    ['refuse', 'You refused it.', 'refused', 'Refused by Ben Okafor (slack'],
  ] as const)('by who may: %s', async (actionId, words, state, shown) => {
    const approval = await asked();
    const { lines, told } = await pressed(() => press(approval, { actionId }));
    expect(told('U0BEN')).toEqual([words]);
    expect(lines).toEqual(['approval.answered']);
    expect(await kept(approval)).toEqual({ ...once(state), refused: 0 });
    await shownAs(approval, shown);
  });

  it('twice is one decision', async () => {
    const { approval, instance, incidentId } = await askedByRun();
    const { lines, told } = await pressed(() => Promise.all([press(approval), press(approval)]), { runs: 2 });
    expect(await kept(approval)).toEqual({ ...once('approved'), refused: 1 });
    expect(lines).toEqual([
      'approval.answered',
      expect.stringContaining(`Refused to approve for the Slack user U0BEN: ${isTaken} Ben Okafor at`),
    ]);
    expect(told('U0BEN').toSorted()).toEqual([
      expect.stringContaining(`${isTaken} Ben Okafor at`),
      'You approved it.',
    ]);
    await eventually('the run to end', async () => (await world.run(`ec2-unhealthy/${incidentId}`))?.endedAt);
    expect(rebootsOf(instance)).toHaveLength(1);
  });

  it('that is replayed, the same bytes with a fresh signature, is nothing new', async () => {
    const approval = await asked({ required: 2 });
    const first = signedPress(world, buttonOf(approval));
    const timestamp = Number(first.headers['x-slack-request-timestamp']) + 1;
    const again = {
      body: first.body,
      headers: {
        ...first.headers,
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': signSlack(simulatedSigningSecret, timestamp, first.body),
      },
    };
    const { lines, told } = await pressed(async () => {
      await send(first);
      await send(again);
    });
    expect(lines).toEqual(['approval.answered']);
    expect(told('U0BEN')).toEqual(['You approved it. It needs one more approval, by somebody else.']);
    expect(await kept(approval)).toEqual({ ...once('pending'), refused: 0 });
    const events = (await world.store.listEvents({ limit: 20 })).filter(
      ({ type }) => type === 'slack.request',
    );
    expect(events.slice(0, 2).map(({ disposition }) => disposition)).toEqual(['duplicate', 'dispatched']);
  });

  it('by two approvers at once is one decision, and the other sees whose', async () => {
    const { approval, instance, incidentId } = await askedByRun();
    const { lines, told } = await pressed(
      () => Promise.all([press(approval), press(approval, { userId: 'U0CLEO' })]),
      { runs: 2 },
    );
    expect(lines).toEqual(['approval.answered', expect.stringContaining(isTaken)]);
    expect(await kept(approval)).toEqual({ ...once('approved'), refused: 1 });
    const words = [...told('U0BEN'), ...told('U0CLEO')];
    expect(words).toHaveLength(2);
    expect(words).toContain('You approved it.');
    const name = (await world.store.findApproval(approval.id))?.answers[0]?.name;
    expect(words.join('\n')).toContain(`${isTaken} ${name} at`);
    await eventually('the run to end', async () => (await world.run(`ec2-unhealthy/${incidentId}`))?.endedAt);
    expect(rebootsOf(instance)).toHaveLength(1);
  });

  it('by the same person twice, of two, counts once', async () => {
    const approval = await asked({ required: 2 });
    for (const written of [['approval.answered'], []]) {
      const { lines, told } = await pressed(() => press(approval));
      expect(lines).toEqual(written);
      expect(told('U0BEN')).toEqual(['You approved it. It needs one more approval, by somebody else.']);
      expect(await kept(approval)).toEqual({ ...once('pending'), refused: 0 });
    }
    const { told } = await pressed(() => press(approval, { userId: 'U0CLEO' }));
    expect(told('U0CLEO')).toEqual(['You approved it.']);
    expect(await kept(approval)).toEqual({ state: 'approved', answers: 2, answered: 2, refused: 0 });
  });
});

/** Who presses what, and what they are told. `elsewhere` is another approval, with a message of its own. */
const refusals: {
  name: string;
  asks?: Partial<ApprovalRequest>;
  button?(elsewhere: Approval): Partial<Button>;
  told: RegExp;
}[] = [
  {
    name: 'of the own request',
    asks: { requestedBy: ['slack:U0BEN'] },
    told: /You have asked for this yourself, so somebody else/,
  },
  {
    name: 'without the role',
    button: () => ({ userId: 'U0ADA' }),
    told: /needs approver or admin; you are responder/,
  },
  {
    name: 'by who is not among the approvers',
    asks: { approvers: { userIds: ['PADALOP'] } },
    told: /not among those who are asked/,
  },
  {
    name: 'by a user whom nobody knows',
    button: () => ({ userId: 'U0VERA' }),
    told: /prove who you are in PagerDuty: \/baton link-me/,
  },
  {
    name: 'in another workspace',
    button: () => ({ teamId: 'T0OTHER' }),
    told: /you are of another workspace of Slack/,
  },
  {
    name: 'in another channel',
    button: () => ({ channelId: 'C0GENERAL' }),
    told: /does not stand on a message about that approval/,
  },
  {
    name: 'on the message of another approval',
    button: (elsewhere) => ({ messageTs: buttonOf(elsewhere).messageTs }),
    told: /does not stand on a message about that approval/,
  },
];

describe('a press that is refused, and changes nothing', () => {
  it.each(refusals)('$name', async ({ asks, button, told: words }) => {
    const [approval, elsewhere] = await Promise.all([asked(asks), asked()]);
    const { userId = 'U0BEN', ...changes } = button?.(elsewhere) ?? {};
    const pressAs = (actionId: string) => press(approval, { actionId, userId, ...changes });
    const { outcomes, lines, told } = await pressed(
      () => Promise.all([pressAs('approve'), pressAs('refuse')]),
      { runs: 2 },
    );
    expect(outcomes).toEqual(['refused', 'refused']);
    for (const answer of told(userId)) expect(answer).toMatch(words);
    expect(told(userId).map((answer) => answer.split(' it: ')[0])).toEqual(
      expect.arrayContaining(['Baton did not approve', 'Baton did not refuse']),
    );
    expect([told(userId).length, lines.length]).toEqual([2, 2]);
    for (const line of lines) expect(line).toMatch(words);
    expect(await kept(approval)).toMatchObject(nothing);
    expect(await kept(elsewhere)).toMatchObject(nothing);
  });

  it('by a deactivated user, whom Slack tells nothing: the record says why', async () => {
    const approval = await asked();
    const { outcomes, lines, told } = await pressed(() => press(approval, { userId: 'U0GUS' }));
    expect(outcomes).toEqual(['refused']);
    expect(told('U0GUS')).toEqual([]);
    expect(lines).toEqual([
      'Refused to approve for the Slack user U0GUS: your account in Slack is deactivated.',
    ]);
    expect(await kept(approval)).toEqual({ ...nothing, refused: 0 });
  });

  it.each(['U0BEN', 'U0ADA'])(
    'of another value, whether there is such an approval or not, tells %s the same',
    async (userId) => {
      const [approval, foreign] = await Promise.all([asked(), asked()]);
      const { id } = approval;
      const made = [
        'made0up0made0up0made0up00',
        id.repeat(15),
        id.toUpperCase(),
        `${id} `,
        `${id}' or '1'='1`,
        '%00',
        '{}',
      ];
      const values = [foreign.id, ...made];
      const { outcomes, lines, told } = await pressed(
        () => Promise.all(values.map((value) => press(approval, { value, userId }))),
        { runs: values.length },
      );
      expect(outcomes).toEqual(values.map(() => 'refused'));
      const words =
        'the button does not stand on a message about that approval. Press it on the message that Baton has posted.';
      expect(told(userId)).toEqual(values.map(() => `Baton did not approve it: ${words}`));
      expect(lines).toEqual(values.map(() => `Refused to approve for the Slack user ${userId}: ${words}`));
      expect(await kept(approval)).toEqual({ ...nothing, refused: 0 });
      expect(await kept(foreign)).toEqual({ ...nothing, refused: 0 });
    },
  );

  it('of an action that is another is none', async () => {
    const approval = await asked();
    const before = answersTo('U0BEN').length;
    for (const actionId of [
      'Approve',
      'approved',
      'approve ',
      'approve_all',
      'approve.x',
      'approve\u0000',
      '',
    ]) {
      await press(approval, { actionId });
    }
    // What is pressed after them is carried out after them.
    const { outcomes } = await pressed(() => press(approval, { actionId: 'refuse' }));
    expect(outcomes).toEqual(['done']);
    expect(answersTo('U0BEN').slice(before)).toEqual(['You refused it.']);
    expect(await kept(approval)).toEqual({ ...once('refused'), refused: 0 });
  });
});

describe('a press that comes too late', () => {
  it('after its time is told so, and so does the message', async () => {
    const approval = await asked({ expiresInSeconds: 0 });
    const { lines, told } = await pressed(() => press(approval));
    const words = expect.stringMatching(/It expired at 20/);
    expect([told('U0BEN'), lines]).toEqual([[words], [words]]);
    expect(await kept(approval)).toEqual({ state: 'expired', answers: 0, answered: 0, refused: 1 });
    await shownAs(approval, 'Expired, and not done');
  });

  it('after the incident was resolved is told by whom', async () => {
    const { approval, instance, incidentId } = await askedByRun();
    resolveAs(world.pagerDuty, incidentId, 'PADALOP');
    await shownAs(approval, 'No longer needed');
    const { lines, told } = await pressed(() => press(approval));
    const words = expect.stringContaining('the incident was resolved by Ada Lopez');
    expect([told('U0BEN'), lines]).toEqual([[words], [words]]);
    expect(await kept(approval)).toEqual({ state: 'withdrawn', answers: 0, answered: 0, refused: 1 });
    expect(rebootsOf(instance)).toEqual([]);
  });

  it('after the run was cancelled is told that it was stopped', async () => {
    const { approval, instance } = await askedByRun();
    await world.temporal.client.workflow.getHandle(approval.runId).cancel();
    await shownAs(approval, 'No longer needed');
    const { lines, told } = await pressed(() => press(approval));
    const words = expect.stringContaining('the run was stopped');
    expect([told('U0BEN'), lines]).toEqual([[words], [words]]);
    expect(await kept(approval)).toEqual({ state: 'withdrawn', answers: 0, answered: 0, refused: 1 });
    expect(rebootsOf(instance)).toEqual([]);
  });

  it('on the message of a plan that has changed is told to look again; the new one waits', async () => {
    const { approval, instance, incidentId } = await askedByRun();
    const found = world.ec2.world.instances.find(({ id }) => id === instance);
    if (!found) throw new Error('The instance is gone');
    found.failing = ['instance', 'ebs'];
    await pressed(() => press(approval));
    await shownAs(approval, 'it is asked anew');
    const { lines, told } = await pressed(() => press(approval, { userId: 'U0CLEO' }));
    const words = expect.stringContaining('The plan has changed, look again');
    expect([told('U0CLEO'), lines]).toEqual([[words], [words]]);
    // The answer of before stands, and was one to the plan that is no more.
    expect(await kept(approval)).toEqual({ ...once('superseded'), refused: 1 });
    const anew = await pendingOf(incidentId);
    expect(anew.digest).not.toBe(approval.digest);
    expect(await kept(anew)).toMatchObject(nothing);
    expect(rebootsOf(instance)).toEqual([]);
  });
});

afterAll(() => {
  console.info(`The presses of approvals: ${count()} cases`);
});
