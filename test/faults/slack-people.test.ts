import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseShortcut, fillForm } from '../../simulator/slack-person.ts';
import { request } from '../store/approval.ts';
import { entry } from '../store/world.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';
import { asking } from './asking.ts';

let world: World;
let room: { incidentId: string; channelId: string };
const { withRoom, someone, type, carriedOut, done, toldTo, lastTold, inRoom } = asking(
  () => world,
  () => room.channelId,
);

beforeAll(async () => {
  world = await startWorld();
  const someoneIn = { deleted: false, guest: false, bot: false };
  world.slack.world.users.push(
    { ...someoneIn, id: 'U0LIN', name: 'lin', realName: 'Lin Chen', email: 'lin@slack.example.com' },
    { ...someoneIn, id: 'U0GUS', name: 'gus', realName: 'Gus Guest', email: 'gus@example.com', guest: true },
  );
  world.pagerDuty.world.users.push({ id: 'PLINCHE', name: 'Lin Chen', email: 'lin@example.com' });
  await world.store.linkSlackUser('lin@example.com', 'U0LIN', entry());
  for (const email of ['ada@example.com', 'ben@example.com'])
    await world.store.setRole(email, 'admin', entry());
  room = await withRoom();
});
afterAll(() => world.close());

/** The newest message of the room that begins so: other runs write there too. */
const saidInRoom = (beginning: string, where = room.channelId) =>
  inRoom(where).findLast((text) => text.startsWith(beginning)) ?? '';
const elsewhere = 'C0GENERAL';
const numberOf = (id: string) => world.pagerDuty.world.incidents.find((each) => each.id === id)?.number;
const assigneesOf = (id: string) =>
  world.pagerDuty.world.incidents.find((each) => each.id === id)?.assigneeIds;

describe('the incident’s room', () => {
  it('is told of what was asked for elsewhere, with what is still open', async () => {
    const { incidentId, channelId } = await withRoom();
    const { outcome } = await done(`ack #${numberOf(incidentId)}`, { where: elsewhere });
    expect(outcome).toBe('acknowledged');
    expect(inRoom(channelId)).toContain(
      'Ada Lopez acknowledged the incident. It is open: Acknowledged by Ada Lopez.',
    );
    expect(inRoom(elsewhere).join()).not.toContain('Ada Lopez acknowledged');
    expect(JSON.stringify(cardOf(world.slack, incidentId)?.blocks)).toContain('Acknowledged by Ada Lopez');

    await done(`resolve ${incidentId}`, { where: elsewhere });
    expect(inRoom(channelId).join('\n')).toContain(
      'Ada Lopez resolved the incident. The incident is resolved.',
    );
  });

  it('is told of answers to approvals, which say how many are still missing', async () => {
    const { incidentId, channelId } = room;
    const runId = `production-incident/${incidentId}`;
    const workflow = 'pagerdutyProductionIncidentPolicy';
    const asked = request({ subject: incidentId, runId, workflow, required: 2 });
    const { id } = await world.store.askApproval(asked);
    await done('priority P2');
    expect(saidInRoom('Ada Lopez set the priority')).toContain(
      'Waits for an approval: Reboots i-0abc12345def67890.',
    );

    await done(`approve ${id} it is broken`, { userId: 'U0BEN', where: elsewhere });
    expect(lastTold('U0BEN')).toContain('You approved it. It needs one more approval, by somebody else.');
    expect(saidInRoom('Ben Okafor approved', channelId)).toContain(
      'Ben Okafor approved (it is broken): Reboots i-0abc12345def67890. It needs one more approval',
    );
    await done(`refuse ${id}`, { where: elsewhere });
    expect(lastTold()).toContain('You refused it.');
    expect(saidInRoom('Ada Lopez refused', channelId)).toMatch(
      /Ada Lopez refused: Reboots i-0abc12345def67890\. It is open:/,
    );
    expect(saidInRoom('Ada Lopez refused', channelId)).not.toContain('Waits for');
  });

  it('is told of a change, and of a run that was stopped by its id', async () => {
    await done('change Search new index');
    expect(saidInRoom('Ada Lopez told PagerDuty')).toMatch(
      /Ada Lopez told PagerDuty of a change to Search: new index\s+It is open: /,
    );
    const { incidentId, channelId } = await withRoom();
    const run = `production-incident/${incidentId}`;
    expect(await done(`stop ${run} not needed`, { where: elsewhere })).toMatchObject({ outcome: 'done' });
    expect(inRoom(channelId).join('\n')).toContain(`Ada Lopez stopped the run ${run}: not needed.`);
  });
});

describe('somebody whose address in Slack is not that in PagerDuty', () => {
  it('is given an incident by their mention, and invited to its room, by their link', async () => {
    const { incidentId, channelId } = await withRoom();
    expect(await done('reassign <@U0LIN|lin>', { where: channelId })).toMatchObject({ outcome: 'done' });
    expect(assigneesOf(incidentId)).toEqual(['PLINCHE']);
    await eventually('the invitation', () =>
      world.slack.world.channels.find(({ id }) => id === channelId)?.memberIds.includes('U0LIN'),
    );
    expect(await done('responders <@U0LIN|lin>', { where: channelId })).toMatchObject({ outcome: 'done' });
  });
});

describe('people whom the plan does not let PagerDuty ask', () => {
  it('are mentioned in the room, and told directly where they cannot be invited', async () => {
    const { abilities } = world.pagerDuty.world;
    world.pagerDuty.world.abilities = abilities.filter((each) => each !== 'coordinated_responding');
    const { outcome } = await done('responders <@U0BEN> <@U0LIN> the index is broken');
    expect(outcome).toBe('done');
    const call = world.slack.world.messages.findLast(({ text }) => text.includes('asks you to join'));
    expect(call?.channelId).toBe(room.channelId);
    expect(JSON.stringify(call?.blocks)).toContain('<@U0BEN> <@U0LIN>');
    expect(call?.text).toContain('Ada Lopez asks you to join #');
    expect(lastTold()).toContain('so Baton called them in Slack: 2 in the incident’s room.');

    const archived = world.slack.world.channels.find(({ id }) => id === room.channelId);
    if (archived) archived.archived = true;
    await done(`responders #${numberOf(room.incidentId)} <@U0BEN>`, { where: elsewhere });
    expect(toldTo('U0BEN').at(-1)).toContain('Ada Lopez asks you to join #');
    if (archived) archived.archived = false;
    world.pagerDuty.world.abilities = abilities;
  });
});

describe('a message shortcut', () => {
  const message = { ts: '1763629200.000100', text: 'The index is broken', user: 'U0BEN' };
  const choose = (where: string) =>
    chooseShortcut(world.slack, someone('U0ADA', where), 'add_to_timeline', message);
  const line = async () => {
    const lines = await world.record(room.incidentId);
    return lines.findLast(({ detail }) => String(detail.text).includes('The index is broken'))?.detail;
  };

  it('in the room puts the message on the timeline, with the way to it', async () => {
    await carriedOut(() => choose(room.channelId));
    const url = `${world.slack.world.team.url}archives/${room.channelId}/p1763629200000100`;
    expect(await line()).toMatchObject({ links: [{ text: 'message', url }] });
  });

  it('elsewhere asks by a form for the incident', async () => {
    await choose(elsewhere);
    expect(world.slack.world.views?.at(-1)?.view).toMatchObject({ callback_id: 'baton_timeline' });
    const wrong = await fillForm(world.slack, someone('U0ADA'), { incident: 'the big one' });
    expect(wrong.text).toContain('its number or its id');
    const number = `#${numberOf(room.incidentId)}`;
    await carriedOut(() => fillForm(world.slack, someone('U0ADA'), { incident: number }));
    const url = `${world.slack.world.team.url}archives/${elsewhere}/p1763629200000100`;
    expect(await line()).toMatchObject({ links: [{ text: 'message', url }] });
  });
});

describe('a status update', () => {
  it('goes to those who follow the incident, in the person’s name, and to the room', async () => {
    expect(await done('update Search is slow; more at 14:00')).toMatchObject({ outcome: 'done' });
    expect(world.pagerDuty.ledger.filter(({ effect }) => effect === 'status update published')).toMatchObject(
      [{ target: room.incidentId, by: 'ada@example.com' }],
    );
    expect(saidInRoom('Status update')).toContain(
      'Status update by Ada Lopez: Search is slow; more at 14:00',
    );
    await type('update');
    await carriedOut(() => fillForm(world.slack, someone('U0ADA'), { text: 'It is over' }));
    expect(saidInRoom('Status update')).toContain('Status update by Ada Lopez: It is over');
  });
});

describe('a workflow by hand', () => {
  it('needs a reason, which a form asks for where the command gives none', async () => {
    expect(await type('run kubernetesCrashLoopDiagnosis')).toMatchObject({ text: '' });
    const view = world.slack.world.views?.at(-1)?.view;
    expect(view).toMatchObject({ callback_id: 'baton_run' });
    const empty = await fillForm(world.slack, someone('U0ADA'), {});
    expect(empty.text).toContain('This is needed.');
    await carriedOut(() => fillForm(world.slack, someone('U0ADA'), { reason: 'it crashes' }));
    expect(inRoom().join('\n')).toContain('Ada Lopez started kubernetesCrashLoopDiagnosis: it crashes');
    await done('run kubernetesCrashLoopDiagnosis because it crashes again');
    expect(inRoom().join('\n')).toContain('started kubernetesCrashLoopDiagnosis: it crashes again.');
  });
});

describe('a question that names no incident', () => {
  it('outside of a room is answered with the person’s own open incidents', async () => {
    const { incidentId } = await withRoom();
    expect(await done('status', { where: elsewhere })).toMatchObject({ outcome: 'done' });
    expect(lastTold()).toContain('Your open incidents');
    expect(lastTold()).toContain(`#${numberOf(incidentId)} Search p99 latency above 2 s: triggered.`);
    expect(await done('oncall', { userId: 'U0LIN', where: elsewhere })).toMatchObject({ outcome: 'done' });
    expect(lastTold('U0LIN')).toMatch(/Your open incidents|No open incident is assigned to you/);
  });
});

describe('a refusal', () => {
  it('says to a guest what helps a guest, and names who was first', async () => {
    expect(await done('ack', { userId: 'U0GUS' })).toMatchObject({ outcome: 'refused' });
    expect(toldTo('U0GUS').at(-1)).toContain('Ask a full member of the workspace who is on call');
    expect(toldTo('U0GUS').at(-1)).not.toContain('PagerDuty');
  });
});
