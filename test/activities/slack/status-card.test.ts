import { describe, expect, it } from 'vitest';
import { pinSlackMessage } from '../../../activities/slack/pin-message.ts';
import { postSlackMessage } from '../../../activities/slack/post-message.ts';
import { showSlackStatusCard } from '../../../activities/slack/show-status-card.ts';
import { slackEnvironment } from '../../../simulator/slack.ts';
import { surroundingsFor } from '../../clients.ts';
import { runnerFor } from '../run.ts';
import { effects, startWorkspace } from './workspace.ts';

const channelId = 'C0GENERAL';
const incidentId = 'Q1ABC';
const card = {
  title: 'Checkout is slow',
  number: 4211,
  url: 'https://acme.pagerduty.com/incidents/Q1ABC',
  status: 'triggered' as const,
  urgency: 'high',
  service: 'Checkout',
  assignees: ['Ada Lopez'],
  lines: ['Opened this room', 'Created OPS-1'],
};

async function startRoom() {
  const workspace = await startWorkspace();
  workspace.simulator.world.channels[0]?.memberIds.push('U0BATON');
  return workspace;
}

interface Action {
  elements: { action_id: string; value: string }[];
}
const buttons = (blocks: unknown[] = []) =>
  blocks
    .filter((block) => (block as { type: string }).type === 'actions')
    .flatMap((block) => (block as Action).elements.map(({ action_id, value }) => `${action_id} ${value}`));

describe('the status card', () => {
  it('is posted and pinned once, then edited', async () => {
    const { simulator, run } = await startRoom();
    const first = await run(showSlackStatusCard, { channelId, incidentId, card });
    const acknowledged = { ...card, status: 'acknowledged' as const, acknowledgedBy: 'Ada Lopez' };
    const second = await run(showSlackStatusCard, {
      channelId,
      incidentId,
      card: acknowledged,
      ts: first.ts,
    });
    const third = await run(showSlackStatusCard, {
      channelId,
      incidentId,
      card: { ...card, status: 'resolved' },
    });
    expect([first.changed, second.changed, third.changed]).toEqual([true, true, true]);
    expect(second.ts).toBe(first.ts);
    expect(third.ts).toBe(first.ts);
    expect(effects(simulator)).toEqual([
      'message posted',
      'message pinned',
      'message edited',
      'message edited',
    ]);
  });

  it('says the modes of the runs on the incident that do not act by themselves alone, whoever writes it', async () => {
    const { simulator } = await startRoom();
    const asked: string[] = [];
    const baton = {
      ...surroundingsFor({}).baton,
      async modesOn(subject: string) {
        asked.push(subject);
        return [{ trigger: 'ec2-unhealthy', mode: 'observe' as const }];
      },
    };
    const run = runnerFor(slackEnvironment(simulator.url), { baton });
    await run(showSlackStatusCard, { channelId, incidentId: 'eu-Q1ABC', card });
    expect(JSON.stringify(simulator.world.messages[0]?.blocks)).toContain(
      'Mode of ec2-unhealthy: observe – nothing was changed',
    );
    expect(new Set(asked)).toEqual(new Set(['eu/Q1ABC']));
    // It shows that already.
    expect(await run(showSlackStatusCard, { channelId, incidentId: 'eu-Q1ABC', card })).toMatchObject({
      changed: false,
    });
  });

  it('says what any run on the incident has changed, and what a guard has held, before what its writer did', async () => {
    const { simulator } = await startRoom();
    const of = { run: 'ec2-unhealthy/Q1ABC', at: '2026-11-20T09:12:30.000Z' };
    const baton = {
      ...surroundingsFor({}).baton,
      deedsOn: async () => [
        { ...of, key: 'one', did: 'Reboots i-0abc' },
        { ...of, key: 'two', held: 'The guard cool-down holds it' },
      ],
    };
    const run = runnerFor(slackEnvironment(simulator.url), { baton });
    const lists = { did: ['Opened this room'], problems: [] };
    await run(showSlackStatusCard, { channelId, incidentId: 'Q1ABC', card: { ...card, ...lists } });
    const shown = JSON.stringify(simulator.world.messages[0]?.blocks);
    expect(shown).toContain('Baton did\\n• 09:12 UTC, ec2-unhealthy: Reboots i-0abc\\n• Opened this room');
    expect(shown).toContain('Not done\\n• 09:12 UTC, ec2-unhealthy: The guard cool-down holds it');
    // A click knows nothing of the lists: they stay.
    await run(showSlackStatusCard, {
      channelId,
      incidentId: 'Q1ABC',
      card: { ...card, status: 'acknowledged' },
    });
    expect(JSON.stringify(simulator.world.messages[0]?.blocks)).toContain('Reboots i-0abc');
  });

  it('has buttons as far as they make sense, each with the incident id', async () => {
    const { simulator, run } = await startRoom();
    const shown = async (status: 'triggered' | 'acknowledged' | 'resolved') => {
      await run(showSlackStatusCard, { channelId, incidentId, card: { ...card, status } });
      return buttons(simulator.world.messages[0]?.blocks);
    };
    const others = ['resolve Q1ABC', 'escalate Q1ABC', 'note Q1ABC'];
    expect(await shown('triggered')).toEqual(['acknowledge Q1ABC', ...others]);
    expect(await shown('acknowledged')).toEqual(others);
    expect(await shown('resolved')).toEqual([]);
  });

  it.each([
    ['triggered', '🔴 Triggered: #4211 Checkout is slow'],
    ['acknowledged', '🟡 Acknowledged: #4211 Checkout is slow'],
    ['resolved', '🟢 Resolved: #4211 Checkout is slow'],
  ] as const)('tells the state %s by a word beside its colour', async (status, heading) => {
    const { simulator, run } = await startRoom();
    await run(showSlackStatusCard, { channelId, incidentId, card: { ...card, status } });
    expect(simulator.world.messages[0]?.blocks?.[0]).toMatchObject({
      type: 'header',
      text: { text: heading },
    });
  });

  it('keeps the lists that a later card leaves out, and drops those that it empties', async () => {
    const { simulator, run } = await startRoom();
    const shown = () => JSON.stringify(simulator.world.messages[0]?.blocks);
    const full = { ...card, did: ['Opened the room'], waitsFor: ['Approval: reboot'] };
    const { ts } = await run(showSlackStatusCard, { channelId, incidentId, card: full });
    const clicked = { ...card, status: 'acknowledged' as const };
    await run(showSlackStatusCard, { channelId, incidentId, card: clicked, ts });
    expect(shown()).toContain('Opened the room');
    expect(shown()).toContain('Approval: reboot');
    expect(await run(showSlackStatusCard, { channelId, incidentId, card: clicked, ts })).toMatchObject({
      changed: false,
    });
    await run(showSlackStatusCard, { channelId, incidentId, card: { ...clicked, waitsFor: [] }, ts });
    expect(shown()).toContain('Opened the room');
    expect(shown()).not.toContain('Approval: reboot');
  });

  it('takes nothing from a message of another app that calls itself the card', async () => {
    const { simulator, run } = await startRoom();
    simulator.world.messages.push({
      channelId,
      ts: '1700000000.000100',
      userId: 'U0OTHERAPP',
      text: 'a card',
      blocks: [{ type: 'section', block_id: 'did', text: { type: 'mrkdwn', text: '<!channel> forged' } }],
      metadata: { event_type: 'baton_status_card', event_payload: { incident: incidentId, digest: 'x' } },
    });
    expect(await run(showSlackStatusCard, { channelId, incidentId, card })).toMatchObject({ changed: true });
    expect(effects(simulator)).toEqual(['message posted', 'message pinned']);
    const shown = simulator.world.messages.filter(({ userId }) => userId === 'U0BATON');
    expect(JSON.stringify(shown)).not.toContain('forged');
  });

  it('says the same in one line', async () => {
    const { simulator, run } = await startRoom();
    const acknowledged = { ...card, status: 'acknowledged' as const, acknowledgedBy: 'Ada Lopez' };
    await run(showSlackStatusCard, { channelId, incidentId, card });
    expect(simulator.world.messages[0]?.text).toBe(
      '#4211 Checkout is slow (Checkout): triggered assigned to Ada Lopez',
    );
    await run(showSlackStatusCard, { channelId, incidentId, card: acknowledged }, { mark: 'SIMULATED' });
    expect(simulator.world.messages[0]?.blocks?.[0]).toMatchObject({ elements: [{ text: 'SIMULATED' }] });
    expect(simulator.world.messages[0]?.text).toBe(
      'SIMULATED #4211 Checkout is slow (Checkout): acknowledged by Ada Lopez',
    );
  });

  it('is left alone where it shows the state already', async () => {
    const { simulator, run } = await startRoom();
    const { ts } = await run(showSlackStatusCard, { channelId, incidentId, card });
    expect(await run(showSlackStatusCard, { channelId, incidentId, card, ts })).toMatchObject({
      changed: false,
      ts,
    });
    expect(await run(showSlackStatusCard, { channelId, incidentId, card })).toMatchObject({
      changed: false,
      ts,
    });
    expect(effects(simulator)).toEqual(['message posted', 'message pinned']);
  });

  it.each(['chat.postMessage', 'pins.add'])(
    'is posted and pinned once when the connection is cut after %s',
    async (method) => {
      const { simulator, run } = await startRoom();
      simulator.fail({ kind: 'cut-after', match: method });
      await expect(run(showSlackStatusCard, { channelId, incidentId, card })).rejects.toMatchObject({
        type: 'ProviderUnavailable',
      });
      await run(showSlackStatusCard, { channelId, incidentId, card }, { number: 2 });
      expect(effects(simulator)).toEqual(['message posted', 'message pinned']);
    },
  );

  it('is another one for another incident in the same channel', async () => {
    const { simulator, run } = await startRoom();
    const one = await run(showSlackStatusCard, { channelId, incidentId, card });
    const other = await run(showSlackStatusCard, { channelId, incidentId: 'Q2DEF', card, ts: one.ts });
    expect(other.ts).not.toBe(one.ts);
    expect(effects(simulator)).toEqual([
      'message posted',
      'message pinned',
      'message posted',
      'message pinned',
    ]);
  });

  it('is posted anew where it was deleted, or became too old to edit', async () => {
    const { simulator, run } = await startRoom();
    const { ts } = await run(showSlackStatusCard, { channelId, incidentId, card });
    simulator.world.messages = [];
    const again = await run(showSlackStatusCard, { channelId, incidentId, card, ts });
    expect(again.ts).not.toBe(ts);
    expect(simulator.world.pins.map((pin) => pin.ts)).toEqual([ts, again.ts]);
  });

  it('survives hostile titles, names and lines within the limits of Block Kit', async () => {
    const { simulator, run } = await startRoom();
    for (const hostile of [
      '<!channel>',
      '&'.repeat(4000),
      '\n',
      '> *_~`',
      '\uD83D\uD83D',
      `<@U0ADA>${'x'.repeat(9000)}`,
    ])
      await run(showSlackStatusCard, {
        channelId,
        incidentId,
        card: {
          ...card,
          title: `${hostile}.`,
          service: hostile,
          urgency: hostile,
          assignees: Array.from({ length: 50 }, () => hostile),
          acknowledgedBy: hostile,
          links: Array.from({ length: 20 }, () => ({ text: hostile, url: 'https://ok.example/' })),
          lines: Array.from({ length: 30 }, () => hostile),
        },
      });
    const written = JSON.stringify([simulator.world.messages[0]?.text, simulator.world.messages[0]?.blocks]);
    expect(written).not.toMatch(/<[@!#]/);
    expect(effects(simulator).filter((effect) => effect === 'message edited')).toHaveLength(5);
  });
});

describe('pinning', () => {
  it('happens once, and joins the channel for it', async () => {
    const { simulator, run } = await startWorkspace();
    const { ts } = await run(postSlackMessage, { channelId, text: 'read this' });
    simulator.fail({ kind: 'cut-after', match: 'pins.add', times: 1 });
    await expect(run(pinSlackMessage, { channelId, ts })).rejects.toThrow();
    expect(await run(pinSlackMessage, { channelId, ts }, { number: 2 })).toEqual({ changed: true });
    expect(await run(pinSlackMessage, { channelId, ts }, { number: 3 })).toEqual({ changed: false });
    expect(effects(simulator)).toEqual(['message posted', 'channel joined', 'message pinned']);
  });
});
