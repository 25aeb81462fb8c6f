import { z } from 'zod';
import { checkBlocks } from './block-kit.ts';
import { count, flag, type Method, method, pageOf, Refusal, structure } from './method.ts';
import { findMessage, type Workspace } from './workspace.ts';
import { type Message, newTs, type SlackWorld } from './world.ts';

const maxUpdateText = 4000;

const content = z.object({
  channel: z.string(),
  text: z.string().optional(),
  blocks: structure(z.unknown()).optional(),
  metadata: structure(z.unknown()).optional(),
});
const metadataShape = z.object({
  event_type: z.string().min(1),
  event_payload: z.record(z.string(), z.unknown()),
});
const span = z.object({
  channel: z.string(),
  cursor: z.string().optional(),
  limit: count.default(100),
  oldest: z.string().default('0'),
  latest: z.string().default('9999999999.999999'),
  inclusive: flag.default(false),
  include_all_metadata: flag.default(false),
});
type Span = z.output<typeof span>;

export function messageMethods(workspace: Workspace): Record<string, Method> {
  const { world, act } = workspace;

  return {
    'chat.postMessage': method(content.extend({ thread_ts: z.string().optional() }), (args) => {
      // With chat:write.public a bot posts to public channels without being in them.
      const channel = workspace.channel(args.channel);
      if (channel.archived) throw new Refusal('is_archived');
      const parts = contentOf(args);
      if (args.thread_ts !== undefined) {
        const parent = findMessage(world, channel.id, args.thread_ts);
        if (parent.threadTs !== undefined) throw new Refusal('cannot_reply_to_message');
      }
      const message: Message = {
        channelId: channel.id,
        ts: newTs(world),
        userId: world.bot.userId,
        ...parts,
        ...(args.thread_ts === undefined ? {} : { threadTs: args.thread_ts }),
      };
      world.messages.push(message);
      const key = keyOf(message);
      act({
        effect: 'message posted',
        target: channel.id,
        ...(key === undefined ? {} : { key }),
        detail: { ts: message.ts, text: message.text },
      });
      return { channel: channel.id, ts: message.ts, message: shapeOf(workspace, message, false) };
    }),

    'chat.update': method(content.extend({ ts: z.string() }), (args) => {
      const channel = workspace.channel(args.channel);
      const message = findMessage(world, channel.id, args.ts);
      if (message.userId !== world.bot.userId || message.subtype) throw new Refusal('cant_update_message');
      if (channel.archived) throw new Refusal('is_archived');
      if ((args.text ?? '').length > maxUpdateText) throw new Refusal('msg_too_long');
      const parts = contentOf(args);
      const before = JSON.stringify(message);
      Object.assign(message, parts);
      if (JSON.stringify(message) !== before) {
        message.editedTs = newTs(world);
        const detail = { ts: message.ts, text: message.text };
        act({ effect: 'message edited', target: channel.id, detail });
      }
      return { channel: channel.id, ts: message.ts, text: message.text };
    }),

    'chat.delete': method(z.object({ channel: z.string(), ts: z.string() }), (args) => {
      const channel = workspace.channel(args.channel);
      const message = findMessage(world, channel.id, args.ts);
      if (message.userId !== world.bot.userId || message.subtype) throw new Refusal('cant_delete_message');
      world.messages = world.messages.filter((each) => each !== message);
      act({ effect: 'message deleted', target: channel.id, detail: { ts: message.ts } });
      return { channel: channel.id, ts: message.ts };
    }),

    'chat.postEphemeral': method(content.extend({ user: z.string() }), (args) => {
      const channel = workspace.channel(args.channel);
      if (channel.archived) throw new Refusal('is_archived');
      const { text, blocks } = contentOf(args);
      if (!channel.memberIds.includes(args.user)) throw new Refusal('user_not_in_channel');
      const ts = newTs(world);
      const ephemeral = { channelId: channel.id, userId: args.user, ts, text, ...(blocks ? { blocks } : {}) };
      world.ephemerals.push(ephemeral);
      act({ effect: 'ephemeral posted', target: channel.id, detail: { userId: args.user, text } });
      return { message_ts: ts };
    }),

    'conversations.history': method(span, (args) => {
      const found = world.messages.filter(
        ({ channelId, threadTs }) => channelId === args.channel && threadTs === undefined,
      );
      return listed(workspace, args, found.toReversed());
    }),

    'conversations.replies': method(span.extend({ ts: z.string() }), (args) => {
      const found = world.messages.filter(
        ({ channelId, ts, threadTs }) =>
          channelId === args.channel && (ts === args.ts || threadTs === args.ts),
      );
      if (found.length === 0) throw new Refusal('thread_not_found');
      return listed(workspace, args, found);
    }),
  };
}

function listed(workspace: Workspace, args: Span, messages: readonly Message[]): Record<string, unknown> {
  const channel = workspace.channel(args.channel);
  if (!workspace.isMember(channel)) throw new Refusal('not_in_channel');
  const [oldest, latest] = [Number(args.oldest), Number(args.latest)];
  const within = messages.filter(({ ts }) => {
    const at = Number(ts);
    return args.inclusive ? at >= oldest && at <= latest : at > oldest && at < latest;
  });
  const { page, next } = pageOf(within, { cursor: args.cursor, limit: args.limit, max: 999 });
  return {
    messages: page.map((each) => shapeOf(workspace, each, args.include_all_metadata)),
    has_more: next !== '',
    ...(next ? { response_metadata: { next_cursor: next } } : {}),
  };
}

function contentOf({ text, blocks, metadata }: z.output<typeof content>) {
  if (!text && blocks === undefined) throw new Refusal('no_text');
  const parsed = metadata === undefined ? undefined : metadataShape.safeParse(metadata);
  if (parsed && !parsed.success) throw new Refusal('invalid_metadata_schema');
  return {
    text: text ?? '',
    ...(blocks === undefined ? {} : { blocks: checkBlocks(blocks) }),
    ...(parsed ? { metadata: parsed.data } : {}),
  };
}

function shapeOf({ world }: Workspace, message: Message, withMetadata: boolean): Record<string, unknown> {
  const { ts, userId, text, blocks, metadata, threadTs, subtype, editedTs } = message;
  return {
    type: 'message',
    ts,
    user: userId,
    text,
    ...(subtype ? { subtype } : {}),
    ...(userId === world.bot.userId && !subtype ? { bot_id: world.bot.botId } : {}),
    ...(blocks ? { blocks } : {}),
    ...(withMetadata && metadata ? { metadata } : {}),
    ...(threadTs ? { thread_ts: threadTs } : {}),
    ...(editedTs ? { edited: { user: userId, ts: editedTs } } : {}),
    ...threadOf(world, message),
  };
}

/** What Slack tells of the thread below a message. */
function threadOf({ messages }: SlackWorld, { channelId, ts }: Message): Record<string, unknown> {
  const replies = messages.filter((each) => each.channelId === channelId && each.threadTs === ts);
  if (replies.length === 0) return {};
  return {
    thread_ts: ts,
    reply_count: replies.length,
    reply_users: [...new Set(replies.map(({ userId }) => userId))],
    latest_reply: replies.at(-1)?.ts,
  };
}

/** The mark that came with a message, whatever its sender calls it. */
function keyOf({ metadata }: Message): string | undefined {
  const { key, incident } = metadata?.event_payload ?? {};
  return [key, incident].find((mark) => typeof mark === 'string');
}
