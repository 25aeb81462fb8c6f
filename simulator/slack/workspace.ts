import type { Act } from '../simulator.ts';
import { Refusal } from './method.ts';
import { type Channel, type Message, newTs, type SlackWorld } from './world.ts';

/** What the methods share: the world, the ledger, and the rules about channels and who is in them. */
export interface Workspace {
  world: SlackWorld;
  act: Act;
  isMember(channel: Channel): boolean;
  /** A channel that Baton can see; `channel_not_found` for any other. */
  channel(id: string): Channel;
  /** A channel that Baton is in and that is not archived. */
  ownChannel(id: string): Channel;
  /** A line that Slack itself writes into a channel. */
  announce(channel: Channel, subtype: string, userId: string, text: string): void;
}

export function openWorkspace(world: SlackWorld, act: Act): Workspace {
  const isMember = (channel: Channel) => channel.memberIds.includes(world.bot.userId);
  const channelOf = (id: string): Channel => {
    const channel = world.channels.find((each) => each.id === id);
    if (!channel || (channel.kind !== 'public' && !isMember(channel))) throw new Refusal('channel_not_found');
    return channel;
  };
  return {
    world,
    act,
    isMember,
    channel: channelOf,
    ownChannel(id) {
      const channel = channelOf(id);
      if (channel.archived) throw new Refusal('is_archived');
      if (!isMember(channel)) throw new Refusal('not_in_channel');
      return channel;
    },
    announce(channel, subtype, userId, text) {
      world.messages.push({ channelId: channel.id, ts: newTs(world), userId, text, subtype });
    },
  };
}

export function shapeOf({ world, isMember }: Workspace, channel: Channel): Record<string, unknown> {
  const { id, name, kind, creator, archived, topic, purpose, created = 0 } = channel;
  if (kind === 'im') {
    const user = channel.memberIds.find((each) => each !== world.bot.userId);
    return { id, is_im: true, user, is_archived: archived };
  }
  return {
    id,
    name,
    name_normalized: name,
    is_channel: kind === 'public',
    is_group: false,
    is_im: false,
    is_private: kind === 'private',
    is_archived: archived,
    is_general: name === 'general',
    is_member: isMember(channel),
    creator,
    created,
    topic: { value: topic, creator, last_set: 0 },
    purpose: { value: purpose, creator, last_set: 0 },
    num_members: channel.memberIds.length,
  };
}

export function findMessage(world: SlackWorld, channelId: string, ts: string): Message {
  const message = world.messages.find((each) => each.channelId === channelId && each.ts === ts);
  if (!message) throw new Refusal('message_not_found');
  return message;
}
