import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untaggedInstance } from '../../simulator/ec2.ts';
import { acknowledgeAs, raiseIncident } from '../../simulator/pagerduty.ts';
import { entry } from '../store/world.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';
import { type Door, overHttp } from './slack-doors.ts';

let world: World;
let door: Door;
beforeAll(async () => {
  world = await startWorld();
  door = overHttp(world);
  for (const user of world.slack.world.users) user.timeZone = 'Asia/Kolkata';
  await world.store.setRole('ben@example.com', 'admin', entry());
  await world.store.setRole('ada@example.com', 'viewer', entry());
});
afterAll(() => world.close());

interface Shown {
  text: string;
  ts: string;
  blocks?: unknown[];
}
interface Button {
  action_id: string;
  value: string;
  text: { text: string };
}
const buttonsOf = ({ blocks = [] }: Shown): Button[] =>
  (blocks as { type: string; elements?: Button[] }[]).flatMap(({ type, elements = [] }) =>
    type === 'actions' ? elements : [],
  );

/** An incident on an instance that may not be rebooted without asking, with its room, in which both are. */
async function withApproval(more = '') {
  const { id, instance, channelId, approval } = await withAdaAlone(more);
  world.slack.world.channels.find((each) => each.id === channelId)?.memberIds.push('U0BEN');
  return { id, instance, channelId, approval };
}
async function withAdaAlone(more = '') {
  const instance = untaggedInstance(world.ec2);
  const title = `EC2 ${instance} StatusCheckFailed${more}`;
  const id = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
  const { channelId } = await eventually('the card', () => cardOf(world.slack, id));
  const approval = await pendingOf(id);
  await eventually('Ada to be in the room', () =>
    world.slack.world.channels.find((each) => each.id === channelId)?.memberIds.includes('U0ADA'),
  );
  return { id, instance, channelId, approval };
}
const pendingOf = (id: string, not?: string) =>
  eventually('an approval to be asked for', async () =>
    (await world.store.pageOfApprovals({ subject: id, limit: 10 })).items.find(
      (each) => each.state === 'pending' && each.id !== not,
    ),
  );
const stateOf = async (id: string) => (await world.store.findApproval(id))?.state;

/** What somebody is told in private about what they do. */
async function told(userId: string, channelId: string, what: () => Promise<unknown>): Promise<Shown> {
  const own = () =>
    world.slack.world.ephemerals.filter(
      (each) =>
        each.userId === userId &&
        each.channelId === channelId &&
        !/^Baton (will|looks|is held)/.test(each.text),
    );
  const before = own().length;
  await what();
  return eventually('an answer', () => own()[before]);
}
const type = (text: string, channelId: string, userId = 'U0BEN') =>
  told(userId, channelId, () => door.type(text, { userId, channelId }));
const press = (shown: Shown, index: number, channelId: string, userId = 'U0BEN') => {
  const button = buttonsOf(shown)[index];
  if (!button) throw new Error(`No such button: ${JSON.stringify(shown.blocks)}`);
  const { action_id: actionId, value } = button;
  return told(userId, channelId, () =>
    door.press({ actionId, value, channelId, userId, messageTs: shown.ts, isEphemeral: true }),
  );
};

describe('/baton approve without an id', () => {
  it('decides nothing, and shows to that person alone the exact calls, with buttons that answer them', async () => {
    const { id, instance, channelId, approval } = await withApproval();
    const shown = await type('approve looks right', channelId);
    expect(shown.text).toContain('Nothing was done: this waits for an answer');
    expect(JSON.stringify(shown.blocks)).toContain(`ec2:RebootInstances ${instance}`);
    expect(buttonsOf(shown).map(({ action_id, value }) => [action_id, value])).toEqual([
      ['approve', approval.id],
      ['refuse', approval.id],
    ]);
    expect(await stateOf(approval.id)).toBe('pending');

    expect((await press(shown, 0, channelId)).text).toContain('You approved it.');
    expect(await world.store.findApproval(approval.id)).toMatchObject({
      state: 'approved',
      answers: [{ by: 'person:ben@example.com', via: 'slack' }],
    });
    await eventually('the reboot', async () => (await world.run(`ec2-unhealthy/${id}`))?.endedAt);
    expect((await type('refuse', channelId)).text).toContain('Nothing on this incident waits');
  });

  it('is no answer to a plan that was asked anew since: its button answers what was shown, which is over', async () => {
    const { id, instance, channelId, approval } = await withApproval();
    const shown = await type('approve', channelId);
    const found = world.ec2.world.instances.find((each) => each.id === instance);
    if (!found) throw new Error('The instance is gone');
    found.failing = ['instance', 'ebs'];
    await press(shown, 0, channelId);
    const second = await pendingOf(id, approval.id);
    expect((await press(shown, 0, channelId)).text).toContain('Baton did not approve it');
    expect(await stateOf(second.id)).toBe('pending');
    const anew = await type('refuse', channelId);
    expect(buttonsOf(anew).map(({ value }) => value)).toEqual([second.id, second.id]);
    expect((await press(anew, 1, channelId)).text).toContain('You refused it.');
    expect(await stateOf(second.id)).toBe('refused');
  });

  it('shows it in a direct message to whoever is not in the room', async () => {
    const { channelId, approval } = await withAdaAlone();
    await door.type(`approve`, { userId: 'U0BEN', channelId });
    const message = await eventually('the message', async () => {
      const { messages = [] } = (await world.store.findApproval(approval.id)) ?? {};
      const own = messages.find((each) => each.channelId.startsWith('D'));
      return world.slack.world.messages.find(({ ts }) => ts === own?.ts);
    });
    expect(buttonsOf(message).map(({ value }) => value)).toEqual([approval.id, approval.id]);
    const button = { actionId: 'refuse', value: approval.id, userId: 'U0BEN' };
    await door.press({ ...button, channelId: message.channelId, messageTs: message.ts });
    await eventually('the answer', async () => (await stateOf(approval.id)) === 'refused');
  });

  it('shows it there as it stands by then, where somebody answers while Slack is away', async () => {
    const { channelId, approval } = await withAdaAlone();
    const match = 'conversations.open';
    world.slack.fail({ kind: 'status', status: 503, match, times: 100_000 });
    const before = world.slack.calls.length;
    await door.type(`approve`, { userId: 'U0BEN', channelId });
    await eventually('Slack to be asked in vain', () =>
      world.slack.calls.slice(before).some(({ path }) => path.includes(match)),
    );
    const by = { by: 'person:cleo@example.com', name: 'Cleo', via: 'cli', decision: 'refused' } as const;
    await world.store.answerApproval(approval.id, by);
    await fetch(`${world.slack.url}/_simulator/faults`, { method: 'DELETE' });
    const message = await eventually('the message', async () => {
      const { messages = [] } = (await world.store.findApproval(approval.id)) ?? {};
      const own = messages.find((each) => each.channelId.startsWith('D'));
      return world.slack.world.messages.find(({ ts }) => ts === own?.ts);
    });
    expect(JSON.stringify(message.blocks)).toContain('Refused by Cleo (cli');
    expect(buttonsOf(message)).toEqual([]);
  });

  it('answers by the rights of whoever presses', async () => {
    const { channelId, approval } = await withApproval();
    const shown = await type('approve', channelId, 'U0ADA');
    expect((await press(shown, 0, channelId, 'U0ADA')).text).toContain('Baton did not approve it');
    expect(await stateOf(approval.id)).toBe('pending');
    await type(`refuse ${approval.id} not now`, channelId);
    expect(await stateOf(approval.id)).toBe('refused');
  });
});

describe('/baton stop without an id', () => {
  it('stops the one run that changes something, and not what keeps people up to date', async () => {
    const { id, channelId } = await withApproval();
    expect((await type('stop wrong instance', channelId, 'U0ADA')).text).toContain(
      'Baton did not stop the run',
    );
    const { text } = await type('stop wrong instance', channelId);
    expect(text).toContain(`You stopped ec2-unhealthy/${id}`);
    expect(text).not.toContain('You gave no reason');
    const stopped = (await world.record(id)).filter(({ action }) => action.startsWith('operation.'));
    expect(JSON.stringify(stopped)).toContain('wrong instance');
    await eventually('its end', async () => (await world.run(`ec2-unhealthy/${id}`))?.state === 'cancelled');
    const again = await type('stop', channelId);
    expect(again.text).toContain('Nothing runs on this incident that changes anything');
    expect(again.text).toContain(`production-incident/${id}`);
    expect(await world.run(`production-incident/${id}`)).toMatchObject({ state: 'running' });
  });

  it('of several shows each with what it does, and the button stops just that one, in the person’s name', async () => {
    world.kubernetes.fail({ kind: 'status', status: 503, times: Number.MAX_SAFE_INTEGER });
    const { id, channelId } = await withApproval(', CrashLoopBackOff in shop/search');
    await eventually('the diagnosis', () => world.run(`kubernetes-crash-loop/${id}`));
    const shown = await type('stop', channelId);
    expect(shown.text).toContain('Nothing was done: several runs are at work');
    expect(JSON.stringify(shown.blocks)).toContain('Gathers what pods that keep crashing die of');
    const values = buttonsOf(shown).map(({ value }) => value);
    expect(values.toSorted()).toEqual([`ec2-unhealthy/${id}`, `kubernetes-crash-loop/${id}`]);
    const diagnosis = values.indexOf(`kubernetes-crash-loop/${id}`);
    expect((await press(shown, diagnosis, channelId, 'U0ADA')).text).toContain('baton people set');
    expect((await press(shown, diagnosis, channelId)).text).toContain(
      `You stopped kubernetes-crash-loop/${id}`,
    );
    await eventually('its end', async () => (await world.run(`kubernetes-crash-loop/${id}`))?.endedAt);
    expect(await world.run(`ec2-unhealthy/${id}`)).toMatchObject({ state: 'running' });
    await eventually('the room to be told', () =>
      world.slack.world.messages.some(
        (each) => each.channelId === channelId && each.text.includes(`Ben Okafor stopped the run kubernetes`),
      ),
    );
    const lines = [...(await world.record(`kubernetes-crash-loop/${id}`)), ...(await world.record(id))];
    const asked = lines.filter(({ detail }) =>
      JSON.stringify(detail).includes(`kubernetes-crash-loop/${id}`),
    );
    expect(asked.map(({ actor }) => actor)).toContain('person:ben@example.com');
    await fetch(`${world.kubernetes.url}/_simulator/faults`, { method: 'DELETE' });
    const { text } = await type('stop', channelId);
    expect(text).toContain('You gave no reason, so the record says "asked for in Slack".');
  });
});

describe('/baton snooze until', () => {
  it('takes the time where the person is, and says when that is', async () => {
    const { id, channelId } = await withApproval();
    acknowledgeAs(world.pagerDuty, id, 'PADALOP');
    const { text } = await type('snooze until 09:00 tomorrow', channelId);
    expect(text).toMatch(
      /until \w{3} \d+ \w{3,4} \d{4}, 09:00 \(Asia\/Kolkata, UTC\+5:30\); then it pages again/,
    );
    const due = world.pagerDuty.world.incidents.find((each) => each.id === id)?.snoozedUntil;
    expect(new Date(Math.round(Date.parse(due ?? '') / 60_000) * 60_000).toISOString()).toMatch(/T03:30:00/);
    const { text: passed } = await type('snooze until 00:00 today', channelId);
    expect(passed).toContain('00:00 has passed today');
  });
});
