import { z } from 'zod';
import { count, flag, type Method, method, pageOf, Refusal } from './method.ts';
import { shapeOf, type Workspace } from './workspace.ts';
import { type Channel, newId } from './world.ts';

const maxText = 250;
const inChannel = z.object({ channel: z.string() });

export function conversationMethods(workspace: Workspace): Record<string, Method> {
  const { world, act, announce } = workspace;
  const shape = (channel: Channel) => ({ channel: shapeOf(workspace, channel) });
  const me = () => world.bot.userId;

  return {
    'conversations.create': method(
      z.object({ name: z.string().default(''), is_private: flag.default(false) }),
      ({ name, is_private }) => {
        checkName(name);
        // The names of archived channels stay taken, and so do those of channels that Baton cannot see.
        if (world.channels.some((each) => each.name === name)) throw new Refusal('name_taken');
        const channel: Channel = {
          id: newId(world, 'C'),
          name,
          kind: is_private ? 'private' : 'public',
          creator: me(),
          archived: false,
          topic: '',
          purpose: '',
          memberIds: [me()],
          created: Math.floor(Date.now() / 1000),
        };
        world.channels.push(channel);
        announce(channel, 'channel_join', me(), `<@${me()}> has joined the channel`);
        act({ effect: 'channel created', target: channel.id, detail: { name, private: is_private } });
        return shape(channel);
      },
    ),

    'conversations.list': method(
      z.object({
        types: z.string().default('public_channel'),
        exclude_archived: flag.default(false),
        limit: count.default(100),
        cursor: z.string().optional(),
      }),
      ({ types, exclude_archived, limit, cursor }) => {
        const wanted = types.split(',').map((type) => type.trim());
        if (!wanted.every((type) => ['public_channel', 'private_channel', 'im', 'mpim'].includes(type)))
          throw new Refusal('invalid_types');
        const kinds = wanted.map((type) => type.replace('_channel', ''));
        const visible = world.channels.filter(
          (each) => kinds.includes(each.kind) && (each.kind === 'public' || workspace.isMember(each)),
        );
        const { page, next } = pageOf(visible, { cursor, limit, max: 1000 });
        // Archived ones are left out of a page after it was cut: pages can be short, or empty.
        const shown = page.filter(({ archived }) => !(exclude_archived && archived));
        return {
          channels: shown.map((each) => shapeOf(workspace, each)),
          response_metadata: { next_cursor: next },
        };
      },
    ),

    'conversations.info': method(inChannel, ({ channel }) => shape(workspace.channel(channel))),

    'conversations.join': method(inChannel, ({ channel: id }) => {
      const channel = workspace.channel(id);
      if (channel.archived) throw new Refusal('is_archived');
      if (channel.kind !== 'public') throw new Refusal('method_not_supported_for_channel_type');
      if (workspace.isMember(channel)) return { ...shape(channel), warning: 'already_in_channel' };
      channel.memberIds.push(me());
      announce(channel, 'channel_join', me(), `<@${me()}> has joined the channel`);
      act({ effect: 'channel joined', target: id });
      return shape(channel);
    }),

    'conversations.invite': method(
      inChannel.extend({ users: z.string().min(1) }),
      ({ channel: id, users }) => {
        const channel = workspace.ownChannel(id);
        const ids = users.split(',').map((each) => each.trim());
        if (ids.length > 100) throw new Refusal('too_many_users');
        const refusals = ids
          .map((user) => ({ user, ok: false, error: whyNot(workspace, channel, user) }))
          .filter(({ error }) => error !== undefined);
        // One that cannot be invited spoils it for all.
        if (refusals[0]?.error) throw new Refusal(refusals[0].error, { errors: refusals });
        for (const userId of ids) {
          channel.memberIds.push(userId);
          announce(channel, 'channel_join', userId, `<@${userId}> has joined the channel`);
          act({ effect: 'user invited', target: id, detail: { userId } });
        }
        return shape(channel);
      },
    ),

    'conversations.setTopic': method(inChannel.extend({ topic: z.string() }), ({ channel: id, topic }) => {
      if (topic.length > maxText) throw new Refusal('too_long');
      const channel = workspace.ownChannel(id);
      channel.topic = asSlackKeepsIt(topic);
      announce(channel, 'channel_topic', me(), `<@${me()}> set the channel topic: ${channel.topic}`);
      act({ effect: 'topic set', target: id, detail: { topic: channel.topic } });
      return shape(channel);
    }),

    'conversations.setPurpose': method(
      inChannel.extend({ purpose: z.string() }),
      ({ channel: id, purpose }) => {
        if (purpose.length > maxText) throw new Refusal('too_long');
        const channel = workspace.ownChannel(id);
        channel.purpose = asSlackKeepsIt(purpose);
        announce(
          channel,
          'channel_purpose',
          me(),
          `<@${me()}> set the channel description: ${channel.purpose}`,
        );
        act({ effect: 'purpose set', target: id, detail: { purpose: channel.purpose } });
        return { purpose: channel.purpose };
      },
    ),

    'conversations.archive': method(inChannel, ({ channel: id }) => {
      const channel = workspace.channel(id);
      if (channel.archived) throw new Refusal('already_archived');
      if (channel.name === 'general') throw new Refusal('cant_archive_general');
      workspace.ownChannel(id);
      announce(channel, 'channel_archive', me(), `<@${me()}> archived the channel`);
      channel.archived = true;
      // Slack takes bots out of what is archived.
      channel.memberIds = channel.memberIds.filter((each) => each !== me());
      act({ effect: 'channel archived', target: id });
      return {};
    }),

    'conversations.unarchive': method(inChannel, ({ channel: id }) => {
      const channel = workspace.channel(id);
      if (!channel.archived) throw new Refusal('not_archived');
      if (!world.botsMayUnarchive) throw new Refusal('not_in_channel');
      channel.archived = false;
      announce(channel, 'channel_unarchive', me(), `<@${me()}> un-archived the channel`);
      act({ effect: 'channel unarchived', target: id });
      return {};
    }),

    'conversations.open': method(z.object({ users: z.string().min(1) }), ({ users }) => {
      const user = world.users.find(({ id }) => id === users);
      if (!user) throw new Refusal('user_not_found');
      if (user.deleted) throw new Refusal('user_disabled');
      const open = world.channels.find(({ kind, memberIds }) => kind === 'im' && memberIds.includes(user.id));
      if (open) return { already_open: true, no_op: true, channel: { id: open.id } };
      const channel: Channel = {
        id: newId(world, 'D'),
        name: '',
        kind: 'im',
        creator: me(),
        archived: false,
        topic: '',
        purpose: '',
        memberIds: [me(), user.id],
      };
      world.channels.push(channel);
      act({ effect: 'conversation opened', target: channel.id, detail: { userId: user.id } });
      return { channel: { id: channel.id } };
    }),
  };
}

function checkName(name: string): void {
  if (name === '') throw new Refusal('invalid_name_required');
  if (name.length > 80) throw new Refusal('invalid_name_maxlength');
  if (/[^a-z0-9_-]/.test(name)) throw new Refusal('invalid_name_specials');
  if (!/[a-z0-9]/.test(name)) throw new Refusal('invalid_name_punctuation');
}

function whyNot({ world }: Workspace, channel: Channel, userId: string): string | undefined {
  const user = world.users.find(({ id }) => id === userId);
  if (!user) return 'user_not_found';
  if (userId === world.bot.userId) return 'cant_invite_self';
  if (user.deleted) return 'cant_invite';
  return channel.memberIds.includes(userId) ? 'already_in_channel' : undefined;
}

/** Slack keeps a topic with entities, and puts the addresses that it finds in angle brackets. */
function asSlackKeepsIt(text: string): string {
  const plain = text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  const escaped = plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return escaped.replace(/https?:\/\/[^\s&<>]+/g, '<$&>');
}
