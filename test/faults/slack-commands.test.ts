import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { newTriggerId } from '../../simulator/slack/requests.ts';
import { chooseShortcut, fillForm, typeCommand } from '../../simulator/slack-person.ts';
import { entry } from '../store/world.ts';
import { cardOf, startWorld, type World } from '../world.ts';
import { asking } from './asking.ts';

let world: World;
/** An incident with its room, in which the tests that do not end it write. */
let incidentId: string;
let channelId: string;

beforeAll(async () => {
  world = await startWorld();
  world.slack.world.users.push({
    id: 'U0EVE',
    name: 'eve',
    realName: 'Eve Else',
    email: 'eve@example.com',
    deleted: false,
    guest: false,
    bot: false,
  });
  world.pagerDuty.world.users.push({ id: 'PEVEELS', name: 'Eve Else', email: 'eve@example.com' });
  ({ incidentId, channelId } = await withRoom());
});
afterAll(() => world.close());

const { withRoom, someone, type, runsOf, carriedOut, done, lastTold, inRoom } = asking(
  () => world,
  () => channelId,
);

const incident = (id = incidentId) => world.pagerDuty.world.incidents.find((each) => each.id === id);
const effects = (effect: string, target = incidentId) =>
  world.pagerDuty.ledger.filter((each) => each.target === target && each.effect === effect);
describe('a command in an incident’s room', () => {
  it('acknowledges as whoever typed it, reassigns nothing, and tells them, the card and the room', async () => {
    const room = await withRoom();
    const { heard, outcome } = await done('ack', { userId: 'U0BEN', where: room.channelId });
    expect(heard.text).toBe(
      'Baton will acknowledge the incident of this channel as you. You are told here when it is done.',
    );
    expect(outcome).toBe('acknowledged');
    expect(effects('incident acknowledged', room.incidentId)).toMatchObject([{ by: 'ben@example.com' }]);
    expect(incident(room.incidentId)?.assigneeIds).toEqual(['PADALOP']);
    expect(lastTold('U0BEN')).toContain('You acknowledged #');
    expect(inRoom(room.channelId).at(-1)).toContain('Ben Okafor acknowledged the incident.');
    expect(JSON.stringify(cardOf(world.slack, room.incidentId)?.blocks)).toContain(
      'Acknowledged by Ben Okafor',
    );
    const lines = (await world.record(room.incidentId)).map(({ detail }) => String(detail.text));
    expect(lines).toContain('ben asked in Slack to acknowledge the incident: acknowledged.');

    expect(await done('ack', { where: room.channelId })).toMatchObject({ outcome: 'acknowledged before' });
    expect(lastTold()).toContain('acknowledged by Ben Okafor before');
    expect(effects('incident acknowledged', room.incidentId)).toHaveLength(1);

    expect(await done('resolve', { where: room.channelId })).toMatchObject({ outcome: 'resolved' });
    expect(await done('resolve', { userId: 'U0BEN', where: room.channelId })).toMatchObject({
      outcome: 'resolved before',
    });
    expect(lastTold('U0BEN')).toContain('resolved by Ada Lopez before');
    expect(await done('escalate', { where: room.channelId })).toMatchObject({ outcome: 'resolved before' });
  });

  it('by two people at once acts once, and tells the second who was first', async () => {
    const room = await withRoom();
    const both = () =>
      Promise.all(['U0ADA', 'U0BEN'].map((userId) => type('ack', { userId, where: room.channelId })));
    const { outcomes } = await runsOf(both, 2);
    expect(outcomes.sort()).toEqual(['acknowledged', 'acknowledged before']);
    expect(effects('incident acknowledged', room.incidentId)).toHaveLength(1);
    expect(`${lastTold('U0ADA')} ${lastTold('U0BEN')}`).toMatch(
      /acknowledged by (Ada Lopez|Ben Okafor) before/,
    );
  });

  it('that Slack sends again is one command', async () => {
    const triggerId = newTriggerId();
    const again = () => typeCommand(world.slack, someone('U0ADA'), 'note Looked at it', triggerId);
    await carriedOut(again);
    await again();
    const events = (await world.store.listEvents({ limit: 20 })).filter(
      (each) => each.type === 'slack.request',
    );
    expect(
      events
        .slice(0, 2)
        .map(({ disposition }) => disposition)
        .sort(),
    ).toEqual(['dispatched', 'duplicate']);
    const notes = world.pagerDuty.world.notes.filter(({ content }) => content.startsWith('Looked at it'));
    expect(notes).toMatchObject([{ userId: 'PADALOP' }]);
    expect(inRoom().at(-1)).toContain('Note by Ada Lopez: Looked at it');
  });

  it('snoozes only what is acknowledged, sets the priority, escalates and reassigns', async () => {
    expect(await done('snooze 30m')).toMatchObject({ outcome: 'not done' });
    expect(lastTold()).toContain('only an acknowledged one can be snoozed');
    await done('ack');
    expect(await done('snooze 2h')).toMatchObject({ outcome: 'done' });
    expect(effects('incident snoozed')).toMatchObject([
      { detail: { duration: 7_200 }, by: 'ada@example.com' },
    ]);
    expect(lastTold()).toContain('for 2 hours');

    expect(await done('priority p2')).toMatchObject({ outcome: 'done' });
    expect(await done('priority P2')).toMatchObject({ outcome: 'done before' });
    expect(await done('priority P9')).toMatchObject({ outcome: 'not done' });
    expect(lastTold()).toContain('There are: P1, P2, P3, P4, P5');

    expect(await done('escalate')).toMatchObject({ outcome: 'done' });
    expect(effects('incident escalated')).toMatchObject([{ detail: { level: 2 }, by: 'ada@example.com' }]);
    expect(inRoom().join('\n')).toContain('Ada Lopez escalated the incident to level 2 (Ben Okafor)');
    expect(await done('escalate')).toMatchObject({ outcome: 'nothing to do' });

    expect(await done('reassign <@U0ADA|ada> <@U0BEN|ben>')).toMatchObject({ outcome: 'done' });
    expect(incident()?.assigneeIds).toEqual(['PADALOP', 'PBENOKA']);
    expect(await done('reassign <@U0BATON>')).toMatchObject({ outcome: 'not done' });
    expect(lastTold()).toContain('no e-mail address');
    expect(await done('responders <@U0EVE|eve> the index is broken')).toMatchObject({ outcome: 'done' });
    expect(effects('responders requested')).toMatchObject([{ detail: { message: 'the index is broken' } }]);
    expect(await done('responders <@U0EVE|eve>')).toMatchObject({ outcome: 'done before' });
  });

  it('tells how the incident stands, what runs on it, and who is on call', async () => {
    expect(await done('status', { userId: 'U0EVE' })).toMatchObject({ outcome: 'done' });
    expect(lastTold('U0EVE')).toMatch(/#\d+ Search p99 latency above 2 s on Search: \w+/);
    expect(lastTold('U0EVE')).toMatch(new RegExp(`Runs: .*production-incident/${incidentId}`));
    expect(await done('oncall')).toMatchObject({ outcome: 'done' });
    expect(lastTold()).toContain('Level 2: Ben Okafor');
  });

  it('tells PagerDuty of a change to any service that has a key', async () => {
    expect(await done('change search new index <https://example.com/1|example.com>')).toMatchObject({
      outcome: 'done',
    });
    expect(world.pagerDuty.world.changeEvents.filter(({ source }) => source === 'Slack')).toMatchObject([
      {
        serviceId: 'PSEARCH',
        summary: 'new index',
        links: [{ href: 'https://example.com/1' }],
        details: { by: 'Ada Lopez' },
      },
    ]);
    expect(await done('change "Serch" new index')).toMatchObject({ outcome: 'not done' });
    expect(lastTold()).toContain('There are: Checkout, Search');
  });

  it('starts a workflow on the incident, once, by the role that the person has in Baton; and stops it', async () => {
    expect(await done('run kubernetesCrashLoopDiagnosis reason: it crashes')).toMatchObject({
      outcome: 'done',
    });
    const started = (await world.runs(incidentId)).filter(({ trigger }) => trigger === 'manual');
    expect(started).toMatchObject([{ workflow: 'kubernetesCrashLoopDiagnosis' }]);
    expect(inRoom().join('\n')).toContain('Ada Lopez started kubernetesCrashLoopDiagnosis: it crashes');

    expect(await done('run ec2UnhealthyRestart because it hangs')).toMatchObject({ outcome: 'refused' });
    expect(lastTold()).toContain('runs.startDestructive');
    expect(lastTold()).toContain('baton people set ada@example.com --role');

    await world.store.setRole('eve@example.com', 'viewer', entry());
    const run = `production-incident/${incidentId}`;
    expect(await done(`stop ${run}`, { userId: 'U0EVE' })).toMatchObject({ outcome: 'refused' });
    expect(lastTold('U0EVE')).toContain('baton people set eve@example.com --role');
    expect(await world.run(run)).toMatchObject({ state: 'running' });
  });
});

describe('a reason that is too long', () => {
  it('is told to whoever wrote it, and pages nobody', async () => {
    const long = 'x'.repeat(600);
    expect(await done(`approve a1b2c3d4e5f6g7h8i9j0k1l2m ${long}`)).toMatchObject({ outcome: 'not done' });
    expect(lastTold()).toContain('Nothing was done');
    expect(await done(`stop production-incident/${incidentId} ${long}`)).toMatchObject({
      outcome: 'not done',
    });
    expect(await done(`run kubernetesCrashLoopDiagnosis reason: ${long}`)).toMatchObject({
      outcome: 'not done',
    });
  });
});

describe('whoever may not is refused in private, and nothing is changed', () => {
  it('for nobody of the service', async () => {
    await world.store.setRole('eve@example.com', 'responder', entry());
    const room = await withRoom();
    for (const text of ['ack', 'resolve', 'escalate', 'note x'])
      expect(await done(text, { userId: 'U0EVE', where: room.channelId })).toMatchObject({
        outcome: 'refused',
      });
    expect(lastTold('U0EVE')).toContain('Ask an administrator of PagerDuty to put you in such a team');
    expect(
      world.pagerDuty.ledger.filter(
        ({ by, target }) => by === 'eve@example.com' && target === room.incidentId,
      ),
    ).toEqual([]);
    const said = (await world.record(room.incidentId)).map(({ detail }) => String(detail.text));
    expect(said.filter((text) => text.startsWith('Refused to'))).toHaveLength(4);
  });
});

describe('a command elsewhere', () => {
  it('asks which incident is meant, and takes a number or an id', async () => {
    const where = 'C0GENERAL';
    expect(await done('ack', { where })).toMatchObject({ outcome: 'not done' });
    const id = raiseIncident(world.pagerDuty, { title: 'Slow', service: 'Search', urgency: 'low' });
    expect(await done(`ack #${incident(id)?.number}`, { where })).toMatchObject({ outcome: 'acknowledged' });
    expect(effects('incident acknowledged', id)).toMatchObject([{ by: 'ada@example.com' }]);
    expect(inRoom(where).join()).not.toContain('acknowledged');
    expect(await done(`resolve ${id}`, { where })).toMatchObject({ outcome: 'resolved' });
    expect(await done('ack #999999', { where })).toMatchObject({ outcome: 'not done' });
  });

  it('does not take a channel for a room because its purpose says so', async () => {
    const channel = world.slack.world.channels.find(({ id }) => id === 'C0GENERAL');
    if (channel) channel.purpose = `War room of PagerDuty incident ${incidentId}, opened by Baton`;
    expect(await done('resolve', { where: 'C0GENERAL' })).toMatchObject({ outcome: 'not done' });
  });
});

describe('a command about triggers', () => {
  const name = 'kubernetes-crash-loop';

  it('tells any member how they stand, and lowers one at once for whoever may, in their name', async () => {
    await world.store.setRole('eve@example.com', 'responder', entry());
    expect(await done('triggers', { userId: 'U0EVE' })).toMatchObject({ outcome: 'done' });
    expect(lastTold('U0EVE')).toContain(`${name}: approve, runs kubernetesCrashLoopDiagnosis`);
    expect(lastTold('U0EVE')).toContain('ec2-unhealthy: auto, runs ec2UnhealthyRestart');
    const lower = `trigger ${name} observe it posts too much`;
    expect(await done(lower, { userId: 'U0EVE' })).toMatchObject({ outcome: 'refused' });
    expect(lastTold('U0EVE')).toContain('Baton did not lower the trigger');

    await world.store.setRole('ada@example.com', 'operator', entry());
    expect((await done(lower)).heard.text).toContain(
      `Baton will lower the trigger ${name} to observe as you`,
    );
    expect(lastTold()).toContain(`You lowered ${name} to observe: it posts too much.`);
    const lines = await world.record(`trigger:${name}`);
    expect(lines.filter(({ action }) => action === 'trigger.lowered')).toMatchObject([
      {
        actor: 'person:ada@example.com',
        via: 'slack',
        detail: { mode: 'observe', before: 'approve', reason: 'it posts too much' },
      },
    ]);
  });

  it('says why one stands as it does and what it has said lately, and never raises it', async () => {
    while ((await world.store.seal()) > 0);
    expect(await done(`trigger ${name}`, { userId: 'U0EVE' })).toMatchObject({ outcome: 'done' });
    expect(lastTold('U0EVE')).toContain(
      `${name} is observe (lowered), and runs kubernetesCrashLoopDiagnosis. person:ada@example.com has lowered it from approve at 20`,
    );
    expect(lastTold('U0EVE')).toMatch(
      /: it posts too much\. What it has said lately: • 20\S+, Q\w+: no \(title reports/,
    );
    expect(await done(`trigger ${name} approve`)).toMatchObject({ outcome: 'refused' });
    expect(lastTold()).toContain('this never raises: say the mode and the day of its review');
    expect((await type(`trigger ${name} auto`)).text).toContain('It is raised by a reviewed line');
    expect(await done('trigger nothing', { userId: 'U0EVE' })).toMatchObject({ outcome: 'refused' });
    expect(lastTold('U0EVE')).toContain('There is no trigger nothing. There are: production-incident');
  });
});

describe('what is typed wrong', () => {
  it('is answered at once with what was meant, and nothing is stored', async () => {
    const before = (await world.store.listEvents({ limit: 500 })).length;
    expect((await type('akc')).text).toContain('Did you mean `/baton ack`?');
    expect((await type('snooze 30')).text).toContain('write 30m, 2h or 1d');
    expect((await type('reassign @ben')).text).toContain('choose the person from the list');
    expect((await type('run kubernetesCrashLopDiagnosis')).text).toContain(
      'run kubernetesCrashLoopDiagnosis`',
    );
    expect((await type('help')).text).toContain('/baton approve');
    expect((await type('')).text).toContain('/baton approve');
    expect((await world.store.listEvents({ limit: 500 })).length).toBe(before);
  });
});

describe('a form', () => {
  it('takes a note with several lines', async () => {
    expect(await type('note')).toMatchObject({ status: 200, text: '' });
    expect(world.slack.world.views?.at(-1)?.view).toMatchObject({ callback_id: 'baton_note' });
    const filled = await carriedOut(() => fillForm(world.slack, someone('U0ADA'), { text: 'One\nTwo' }));
    expect([filled.heard.text, filled.outcome]).toEqual(['', 'done']);
    expect(world.pagerDuty.world.notes.at(-1)).toMatchObject({ userId: 'PADALOP' });
    expect(world.pagerDuty.world.notes.at(-1)?.content).toMatch(/^One\nTwo\n/);
  });

  it('says in itself what is wrong, and stays open', async () => {
    await type('snooze');
    expect((await fillForm(world.slack, someone('U0ADA'), { for: 'long' })).text).toContain('30m, 2h or 1d');
    await type('ack');
    expect(await carriedOut(() => fillForm(world.slack, someone('U0ADA'), { for: '1h' }))).toBeDefined();
  });

  it('that Slack does not open is told, with the command that does the same', async () => {
    world.slack.fail({ kind: 'status', status: 503, match: 'views.open', times: 1 });
    expect((await type('note')).text).toContain('`/baton note what you saw`');
  });
});

describe('a message shortcut', () => {
  it('puts the message on the incident’s timeline', async () => {
    const message = { ts: '1763629200.000100', text: 'The &lt;index&gt; is broken', user: 'U0BEN' };
    const shortcut = () => chooseShortcut(world.slack, someone('U0ADA'), 'add_to_timeline', message);
    expect(await carriedOut(shortcut)).toMatchObject({ outcome: 'done' });
    const lines = (await world.record(incidentId)).map(({ detail }) => String(detail.text));
    expect(lines).toContain('Ben Okafor in Slack: The <index> is broken (put here by Ada Lopez)');
    expect(lastTold()).toContain('on the timeline');
  });
});

describe('an incident that somebody resolves meanwhile', () => {
  it('is not opened again by a command', async () => {
    const room = await withRoom();
    resolveAs(world.pagerDuty, room.incidentId, 'PBENOKA');
    expect(await done('ack', { where: room.channelId })).toMatchObject({ outcome: 'resolved before' });
    expect(incident(room.incidentId)?.status).toBe('resolved');
  });
});
