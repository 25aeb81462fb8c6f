import { describe, expect, it } from 'vitest';
import { archiveSlackChannel } from '../../../activities/slack/archive-channel.ts';
import { findSlackLastMessage } from '../../../activities/slack/find-last-message.ts';
import { openSlackWarRoom } from '../../../activities/slack/open-war-room.ts';
import { postSlackMessage } from '../../../activities/slack/post-message.ts';
import { setSlackTopic } from '../../../activities/slack/set-topic.ts';
import { unarchiveSlackChannel } from '../../../activities/slack/unarchive-channel.ts';
import { effects, methods, startWorkspace } from './workspace.ts';

const incident = { incidentId: 'Q1ABC', number: 4211, title: 'Checkout is slow' };

describe('a war room', () => {
  it('is a channel named after the incident, whose purpose carries the incident id', async () => {
    const { simulator, run } = await startWorkspace();
    const room = await run(openSlackWarRoom, incident);
    const channel = simulator.world.channels.find(({ id }) => id === room.channelId);
    expect(room).toEqual({
      changed: true,
      created: true,
      channelId: room.channelId,
      name: 'inc-4211-checkout-is-slow',
      url: `https://acme.slack.com/archives/${room.channelId}`,
    });
    expect(channel).toMatchObject({
      kind: 'public',
      creator: 'U0BATON',
      purpose: 'War room of PagerDuty incident Q1ABC, opened by Baton',
    });
  });

  it('can be private', async () => {
    const { simulator, run } = await startWorkspace();
    const { channelId } = await run(openSlackWarRoom, { ...incident, private: true });
    expect(simulator.world.channels.find(({ id }) => id === channelId)?.kind).toBe('private');
    expect(await run(openSlackWarRoom, incident)).toMatchObject({ channelId, created: false });
  });

  it('is adopted by whoever opens it again', async () => {
    const { simulator, run } = await startWorkspace();
    const { channelId, name } = await run(openSlackWarRoom, incident);
    const again = await run(openSlackWarRoom, incident, { key: 'run-2#1' });
    expect(again).toMatchObject({ changed: false, created: false, channelId, name });
    expect(effects(simulator)).toEqual(['channel created', 'purpose set']);
  });

  it('that another run opened is not looked for among all channels, and not taken where it is archived', async () => {
    const { simulator, run } = await startWorkspace();
    const made = await run(openSlackWarRoom, incident);
    simulator.calls.splice(0);
    const again = await run(openSlackWarRoom, incident, { key: 'run-2/openSlackWarRoom/1', made });
    expect(again).toEqual({ ...made, changed: false, created: false });
    expect(methods(simulator)).not.toContain('conversations.list');
    expect(methods(simulator)).not.toContain('conversations.create');
    await run(archiveSlackChannel, { channelId: made.channelId });
    const next = await run(openSlackWarRoom, incident, { made });
    expect(next).toMatchObject({ created: true });
    expect(next.channelId).not.toBe(made.channelId);
  });

  it.each(['conversations.create', 'conversations.setPurpose'])(
    'is opened once when the connection is cut after %s',
    async (method) => {
      const { simulator, run } = await startWorkspace();
      simulator.fail({ kind: 'cut-after', match: method });
      await expect(run(openSlackWarRoom, incident)).rejects.toMatchObject({ type: 'ProviderUnavailable' });
      const room = await run(openSlackWarRoom, incident, { number: 2 });
      expect(room).toMatchObject({ created: false, name: 'inc-4211-checkout-is-slow' });
      expect(effects(simulator)).toEqual(['channel created', 'purpose set']);
    },
  );

  it('gets a number where its name belongs to a person, to another incident or to an archived channel', async () => {
    const { simulator, run } = await startWorkspace();
    const channel = {
      id: 'C1',
      name: 'inc-4211-checkout-is-slow',
      kind: 'public' as const,
      creator: 'U0ADA',
      archived: false,
      topic: '',
      purpose: 'War room of PagerDuty incident Q1ABC, opened by Baton',
      memberIds: [],
    };
    simulator.world.channels.push(channel, {
      ...channel,
      id: 'C2',
      name: `${channel.name}-2`,
      creator: 'U0BATON',
      purpose: 'War room of PagerDuty incident Q1ABCDEF, opened by Baton',
    });
    const third = await run(openSlackWarRoom, incident);
    expect(third).toMatchObject({ created: true, name: `${channel.name}-3` });
    await run(archiveSlackChannel, { channelId: third.channelId });
    expect(await run(openSlackWarRoom, incident)).toMatchObject({ created: true, name: `${channel.name}-4` });
    expect(await run(openSlackWarRoom, incident)).toMatchObject({
      created: false,
      name: `${channel.name}-4`,
    });
  });

  it('leaves a room alone that another run has just opened, and has not given its purpose yet', async () => {
    const { simulator, run } = await startWorkspace();
    const channel = {
      id: 'C1',
      name: 'inc-4211-checkout-is-slow',
      kind: 'public' as const,
      creator: 'U0BATON',
      archived: false,
      topic: '',
      purpose: '',
      memberIds: ['U0BATON'],
    };
    simulator.world.channels.push({ ...channel, created: Math.floor(Date.now() / 1000) - 5 });
    expect(await run(openSlackWarRoom, incident)).toMatchObject({ created: true, name: `${channel.name}-2` });
    expect(simulator.world.channels.find(({ id }) => id === 'C1')?.purpose).toBe('');
    const left = await startWorkspace();
    left.simulator.world.channels.push({ ...channel, created: Math.floor(Date.now() / 1000) - 120 });
    expect(await left.run(openSlackWarRoom, incident)).toMatchObject({ created: false, name: channel.name });
  });

  it('is a conflict where nine rooms of that name are taken', async () => {
    const { simulator, run } = await startWorkspace();
    simulator.world.channels.push(
      ...['', '-2', '-3', '-4', '-5', '-6', '-7', '-8', '-9'].map((suffix, index) => ({
        id: `C${index}`,
        name: `inc-4211-checkout-is-slow${suffix}`,
        kind: 'public' as const,
        creator: 'U0ADA',
        archived: index % 2 === 0,
        topic: '',
        purpose: '',
        memberIds: [],
      })),
    );
    await expect(run(openSlackWarRoom, incident)).rejects.toMatchObject({ type: 'Conflict' });
    expect(effects(simulator)).toEqual([]);
  });

  it('is found behind pages of other and of archived channels', async () => {
    const { simulator, run } = await startWorkspace();
    simulator.world.channels.push(
      ...Array.from({ length: 2500 }, (_, index) => ({
        id: `CX${index}`,
        name: `inc-${index}`,
        kind: 'public' as const,
        creator: 'U0BATON',
        archived: index > 500,
        topic: '',
        purpose: '',
        memberIds: [],
      })),
    );
    const { channelId } = await run(openSlackWarRoom, incident);
    expect(await run(openSlackWarRoom, incident)).toMatchObject({ channelId, created: false });
    expect(methods(simulator).filter((method) => method === 'conversations.list')).toHaveLength(3);
  });

  it.each([
    ['<!channel> & <@U1>', 'inc-4211-channel-u1'],
    ['Zahlung für Größe ①', 'inc-4211-zahlung-fur-gro-e-1'],
    ['日本語', 'inc-4211'],
    ['', 'inc-4211'],
    ['../../etc --- x', 'inc-4211-etc-x'],
  ])('has a name that Slack takes for the title %j', async (title, name) => {
    const { run } = await startWorkspace();
    expect(await run(openSlackWarRoom, { ...incident, title })).toMatchObject({ name, created: true });
  });
});

describe('the last message of a channel', () => {
  it('is that of a person, in the channel or in a thread, and no bot’s and no notice', async () => {
    const { simulator, run } = await startWorkspace();
    const { channelId } = await run(openSlackWarRoom, incident);
    const { ts } = await run(postSlackMessage, { channelId, text: 'Baton is at it' });
    const last = () => run(findSlackLastMessage, { channelId });
    const write = (seconds: number, more: object = {}) =>
      simulator.world.messages.push({
        channelId,
        ts: `${seconds}.000000`,
        userId: 'U0ADA',
        text: 'Looking',
        ...more,
      });
    expect(await last()).toEqual({ at: null });
    write(1_763_629_200);
    write(1_763_629_300, { userId: 'U0BATON' });
    write(1_763_629_400, { subtype: 'channel_join' });
    expect(await last()).toEqual({ at: '2025-11-20T09:00:00.000Z' });
    write(1_763_629_500, { threadTs: ts });
    expect(await last()).toEqual({ at: '2025-11-20T09:05:00.000Z' });
    write(1_763_629_560, { subtype: 'file_share' });
    expect(await last()).toEqual({ at: '2025-11-20T09:06:00.000Z' });
  });
});

describe('archiving a channel', () => {
  it('happens once', async () => {
    const { simulator, run } = await startWorkspace();
    const { channelId } = await run(openSlackWarRoom, incident);
    simulator.fail({ kind: 'cut-after', match: 'conversations.archive' });
    await expect(run(archiveSlackChannel, { channelId })).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
    expect(await run(archiveSlackChannel, { channelId }, { number: 2 })).toEqual({ changed: false });
    expect(effects(simulator).slice(2)).toEqual(['channel archived']);
  });
});

describe('opening an archived channel again', () => {
  it('happens once, and Baton is in it afterwards', async () => {
    const { simulator, run } = await startWorkspace();
    simulator.world.botsMayUnarchive = true;
    const { channelId } = await run(openSlackWarRoom, incident);
    await run(archiveSlackChannel, { channelId });
    simulator.fail({ kind: 'cut-after', match: 'conversations.unarchive' });
    await expect(run(unarchiveSlackChannel, { channelId })).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
    expect(await run(unarchiveSlackChannel, { channelId }, { number: 2 })).toEqual({ changed: true });
    expect(await run(unarchiveSlackChannel, { channelId })).toEqual({ changed: false });
    expect(effects(simulator).slice(3)).toEqual(['channel unarchived', 'channel joined']);
    expect(simulator.world.channels.find(({ id }) => id === channelId)?.memberIds).toContain('U0BATON');
  });

  it('is refused as long as Slack lets no bot do it', async () => {
    const { run } = await startWorkspace();
    const { channelId } = await run(openSlackWarRoom, incident);
    await run(archiveSlackChannel, { channelId });
    await expect(run(unarchiveSlackChannel, { channelId })).rejects.toMatchObject({
      type: 'ProviderRefused',
      message: expect.stringContaining('not_in_channel'),
    });
  });
});

describe('the topic of a channel', () => {
  it.each(['Triggered: <!channel> & co', 'see https://example.com/a?b=1 now', 'two\nlines'])(
    'is announced once: %j',
    async (text) => {
      const { simulator, run } = await startWorkspace();
      const { channelId } = await run(openSlackWarRoom, incident);
      simulator.fail({ kind: 'cut-after', match: 'conversations.setTopic' });
      await expect(run(setSlackTopic, { channelId, text })).rejects.toMatchObject({
        type: 'ProviderUnavailable',
      });
      expect(await run(setSlackTopic, { channelId, text }, { number: 2 })).toEqual({ changed: false });
      expect(effects(simulator).slice(2)).toEqual(['topic set']);
    },
  );

  it('begins with the mark of an attempt in which something is simulated', async () => {
    const { simulator, run } = await startWorkspace();
    const { channelId } = await run(openSlackWarRoom, incident);
    await run(setSlackTopic, { channelId, text: 'Open' }, { mark: 'SIMULATED' });
    const room = simulator.world.channels.find(({ id }) => id === channelId);
    expect(room?.topic).toBe('SIMULATED Open');
    // As an undo gives it: it was read with its mark.
    await run(setSlackTopic, { channelId, text: 'SIMULATED Closed' }, { mark: 'SIMULATED' });
    expect(room?.topic).toBe('SIMULATED Closed');
  });

  it('mentions nobody and is cut at 250 characters', async () => {
    const { simulator, run } = await startWorkspace();
    const { channelId } = await run(openSlackWarRoom, incident);
    const text = `<!channel> ${'&'.repeat(300)}`;
    expect(await run(setSlackTopic, { channelId, text })).toEqual({ changed: true });
    const topic = simulator.world.channels.find(({ id }) => id === channelId)?.topic ?? '';
    expect(topic).toMatch(/^&lt;!channel&gt; (&amp;)+…$/);
    expect(topic.length).toBeLessThanOrEqual(250);
    expect(await run(setSlackTopic, { channelId, text })).toEqual({ changed: false });
  });
});
