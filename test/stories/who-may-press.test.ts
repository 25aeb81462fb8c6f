import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { simulatedSigningSecret } from '../../simulator/slack/world.ts';
import { slackClick } from '../../simulator/slack.ts';
import { entry } from '../store/world.ts';
import { eventually, startWorld, type World } from '../world.ts';

/** Somebody in Slack and in PagerDuty with the same address, a full member who is on the policy: nothing speaks against them. */
const slackPerson = (id: string) => ({
  id,
  name: id.toLowerCase(),
  realName: `Person ${id}`,
  email: `${id.toLowerCase()}@example.com`,
  deleted: false,
  guest: false,
  bot: false,
});
const inPagerDuty = (id: string) => ({
  id: `P${id}`,
  name: `Person ${id}`,
  email: `${id.toLowerCase()}@example.com`,
});

const inSlack: [id: string, what: object, told: string][] = [
  ['U0SINGLE', { ultraRestricted: true }, 'guest'],
  ['U0MULTI', { guest: true }, 'guest'],
  ['U0STRANGE', { teamId: 'T0OTHER' }, 'another workspace'],
  ['U0GRIDOUT', { teamId: 'T0OTHER', gridTeamIds: ['T0OTHER', 'T0THIRD'] }, 'another workspace'],
  ['U0ROBOT', { bot: true }, 'bot'],
  ['U0FLOW', { machine: 'workflow' }, 'bot'],
  ['U0LINK', { machine: 'connector' }, 'bot'],
  ['USLACKBOT', {}, 'bot'],
  ['U0LEFT', { deleted: true }, 'deactivated'],
  ['U0ASKED', { invited: true }, 'invitation'],
  ['U0VAGUE', { emailConfirmed: false }, 'confirmed'],
];
const inAccount: [id: string, role: string][] = [
  ['U0READER', 'read_only_user'],
  ['U0STAKE', 'read_only_limited_user'],
  ['U0WATCH', 'observer'],
  ['U0RESTR', 'restricted_access'],
  ['U0NEWROLE', 'a_role_of_next_year'],
];

let world: World;
beforeAll(async () => {
  world = await startWorld({ env: { BATON_PEOPLE: 'U0LINKED=boss@example.com' } });
  const { users, policies, services } = world.pagerDuty.world;
  const policy = policies[0];
  if (!policy) throw new Error('No policy');
  const add = (id: string, slack: object = {}, account: object = {}) => {
    world.slack.world.users.push({ ...slackPerson(id), ...slack });
    users.push({ ...inPagerDuty(id), ...account });
  };
  for (const [id, slack] of inSlack) add(id, slack);
  for (const [id, role] of inAccount) add(id, {}, { role });
  // All of these are on the policy, so that only what is theirs keeps them off.
  policy.levels.push([...inSlack, ...inAccount].map(([id]) => `P${id}`));

  world.pagerDuty.world.teams = [{ id: 'PTEAM', name: 'Search people' }];
  for (const service of services) if (service.id === 'PSEARCH') service.teamIds = ['PTEAM'];
  add('U0OUTSIDE');
  add('U0OTHERTEAM', {}, { teamIds: ['PELSE'] });
  add('U0ADMIN', {}, { role: 'admin' });
  add('U0OWNER', {}, { role: 'owner' });
  add('U0TEAM', {}, { role: 'limited_user', teamIds: ['PTEAM'] });
  add('U0GRID', { teamId: 'T0OTHER', gridTeamIds: ['T0OTHER', 'T0ACME'] }, { role: 'admin' });
  add('U0LINKED', { emailConfirmed: false });
  users.push({ id: 'PBOSS', name: 'Boss', email: 'boss@example.com', role: 'owner' });
  add('U0STORED', { emailConfirmed: false });
  users.push({ id: 'PCHIEF', name: 'Chief', email: 'chief@example.com', role: 'owner' });
  await world.store.linkSlackUser('chief@example.com', 'U0STORED', entry());
  await world.store.linkSlackUser('nobody@example.com', 'U0LINKED', entry());
});
afterAll(() => world.close());

interface From {
  teamId?: string;
  userTeamId?: string;
  service?: string;
}

/** Presses Acknowledge on a new incident. Gives the outcome, and what the person was told. */
async function press(userId: string, { service = 'Search', ...from }: From = {}) {
  const incidentId = raiseIncident(world.pagerDuty, { title: 'Search is slow', service, urgency: 'low' });
  const { headers, body } = slackClick({
    signingSecret: simulatedSigningSecret,
    actionId: 'acknowledge',
    incidentId,
    userId,
    channelId: 'C0GENERAL',
    messageTs: '1763629200.000100',
    ...from,
  });
  const answer = await fetch(`${world.server.url}/slack/interactivity`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
  const run = await eventually('the click to be carried out', async () =>
    (await world.runs(incidentId)).find(({ trigger, endedAt }) => trigger === 'slack-action' && endedAt),
  );
  const status = world.pagerDuty.world.incidents.find(({ id }) => id === incidentId)?.status;
  const said = (await world.record(incidentId)).filter(({ action }) => action === 'run.said');
  const by = world.pagerDuty.ledger.find(
    ({ effect, target }) => effect === 'incident acknowledged' && target === incidentId,
  )?.by;
  return {
    outcome: run.outcome,
    status,
    by,
    record: said.map(({ detail }) => String(detail.text)).join('\n'),
  };
}

/** Where a person finds it: next to the button, or as a direct message. */
const toldTo = (userId: string) =>
  [
    ...world.slack.world.ephemerals.filter((each) => each.userId === userId).map(({ text }) => text),
    ...world.slack.world.messages
      .filter(({ channelId }) =>
        world.slack.world.channels.some(
          ({ id, kind, memberIds }) => id === channelId && kind === 'im' && memberIds.includes(userId),
        ),
      )
      .map(({ text }) => text),
  ].join('\n');

describe('a click is refused, in private and with a row, and nothing is changed', () => {
  it.each(inSlack)('by %s in Slack, who is %j', async (id, _, told) => {
    const { outcome, status, record } = await press(id);
    expect([outcome, status]).toEqual(['refused', 'triggered']);
    expect(record).toMatch(new RegExp(`^Refused to acknowledge for the Slack user ${id}: .*${told}`));
  });

  it.each([
    ['from another workspace', { teamId: 'T0OTHER' }],
    ['by somebody of another workspace, as the click says', { userTeamId: 'T0OTHER' }],
    ['from another workspace by one of ours, as the click says', { teamId: 'T0OTHER', userTeamId: 'T0ACME' }],
  ])('%s, whatever id it names', async (_, from) => {
    const { outcome, status, record } = await press('U0ADA', from);
    expect([outcome, status]).toEqual(['refused', 'triggered']);
    expect(record).toContain('another workspace');
  });

  it.each([
    ['of the place', { teamId: '' }],
    ['of the person', { userTeamId: '' }],
  ])('from a workspace that cannot be read, and says what to do: that %s', async (_, from) => {
    const { outcome, status, record } = await press('U0ADA', from);
    expect([outcome, status]).toEqual(['refused', 'triggered']);
    expect(record).toContain('did not say in a readable way from which workspace');
    expect(toldTo('U0ADA')).toContain('press it again, or go on in PagerDuty');
  });

  it.each(inAccount)('by %s, whose role in PagerDuty is %s', async (id, role) => {
    const { outcome, status, record } = await press(id);
    expect([outcome, status]).toEqual(['refused', 'triggered']);
    expect(record).toContain(`the role ${role}`);
    expect(toldTo(id)).toContain('Ask an administrator of PagerDuty');
  });

  it.each(['U0OUTSIDE', 'U0OTHERTEAM'])('by %s, who has nothing to do with the service', async (id) => {
    const { outcome, status, record } = await press(id);
    expect([outcome, status]).toEqual(['refused', 'triggered']);
    expect(record).toContain('neither assigned to this incident nor in a team');
    expect(toldTo(id)).toContain('somebody who is on call');
  });

  it('by a member of the team of another service', async () => {
    expect(await press('U0TEAM', { service: 'Checkout' })).toMatchObject({ outcome: 'refused' });
  });

  it('where PagerDuty does not tell who belongs to the service, and says so', async () => {
    world.pagerDuty.fail({ kind: 'status', status: 403, match: '/services/PSEARCH', times: 1 });
    const { outcome, record } = await press('U0TEAM');
    expect(outcome).toBe('refused');
    expect(record).toContain('as far as PagerDuty tells (its service');
  });
});

describe('a click is carried out', () => {
  it.each([
    ['an administrator, who belongs everywhere', 'U0ADMIN', 'u0admin@example.com'],
    ['an owner', 'U0OWNER', 'u0owner@example.com'],
    ['a responder in a team of the service', 'U0TEAM', 'u0team@example.com'],
    ['somebody on the escalation policy', 'U0BEN', 'ben@example.com'],
    ['the assignee', 'U0ADA', 'ada@example.com'],
    [
      'somebody of another workspace of the organisation who is a full member of ours',
      'U0GRID',
      'u0grid@example.com',
    ],
    ['somebody whom an admin has linked', 'U0STORED', 'chief@example.com'],
    ['somebody whom BATON_PEOPLE links, whatever else they are linked to', 'U0LINKED', 'boss@example.com'],
  ])('for %s', async (_, id, by) => {
    expect(await press(id)).toMatchObject({ outcome: 'acknowledged', status: 'acknowledged', by });
  });
});
