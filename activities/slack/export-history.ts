import { createHash } from 'node:crypto';
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { visible } from '../../domain/text.ts';
import { connectionName, defineActivity } from '../activity.ts';
import { kept } from '../kept-text.ts';
import { parseAnswer, throwFailure } from './failures.ts';
import { channelId, isPlanned } from './input.ts';
import { readUser } from './users.ts';

/** What one call reads at most: so many requests are within what Slack takes in a minute. The newest messages come first. */
const most = { pages: 10, pageSize: 200, threads: 40, names: 40 };
/** What the text takes at most, in bytes of UTF-8. The beginning is kept: it tells how all began, and the room has the rest. */
const mostBytes = 32 * 1024;

const message = z.object({
  ts: z.string(),
  text: z.string().default(''),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  subtype: z.string().optional(),
  thread_ts: z.string().optional(),
  reply_count: z.number().default(0),
});
type Message = z.output<typeof message>;

const page = z.object({
  messages: z.array(message).default([]),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

/**
 * Reads what was said in a channel, its threads included, as Markdown with the oldest message first. It is bounded: `truncated` says that
 * the channel has more than the text holds, and all that was read is then `kept`. `digest` is the SHA-256 of all that was read, so also of
 * what was cut.
 */
export const exportSlackHistory = defineActivity({
  name: 'exportSlackHistory',
  kind: 'read',
  provider: 'slack',
  summary: 'Reads what was said in a channel and its threads, as a text',
  permissions: ['channels:history', 'groups:history', 'users:read'],
  input: z.object({
    connection: connectionName,
    channelId,
    maxBytes: z
      .int()
      .min(0)
      .max(mostBytes)
      .default(mostBytes)
      .describe('How much of the text, in UTF-8; 0: nothing of it, and none of it is kept'),
  }),
  output: z.object({
    markdown: z.string(),
    truncated: z.boolean(),
    digest: z.string(),
    messages: z.int().describe('How many, without what Slack itself says'),
    people: z.int().describe('How many persons have written'),
    firstAt: z.string().optional(),
    lastAt: z.string().optional(),
    lastByPersonAt: z.string().optional().describe('When a person wrote last'),
    kept,
  }),
  example: { channelId: 'C0123456789' },
  async run({ connection, channelId, maxBytes }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    const { messages, more } = isPlanned(channelId)
      ? { messages: [], more: false }
      : await readAll(api, channelId).catch(throwFailure);
    const said = messages.filter(isSaid);
    const names = await namesOf(api, said);
    const whole = said.map((each) => lineOf(each, names)).join('\n');
    const { text, cut } = firstBytes(whole, maxBytes);
    const title = `What was said in ${channelId}`;
    const isKept = cut && maxBytes > 0;
    const byPeople = said.filter(({ bot_id }) => bot_id === undefined);
    return {
      markdown: text,
      truncated: cut || more,
      digest: createHash('sha256').update(whole).digest('hex'),
      messages: said.length,
      people: new Set(byPeople.flatMap(({ user }) => user ?? [])).size,
      ...at('firstAt', said[0]),
      ...at('lastAt', newest(said)),
      ...at('lastByPersonAt', newest(byPeople)),
      ...(isKept ? await attempt.keepText({ title, text: whole, truncated: more }) : {}),
    };
  },
});

/** What a person or a program has written; not that somebody came, or changed the topic. A reply that was also sent to the channel counts once. */
const isSaid = ({ subtype }: Message) =>
  subtype === undefined || ['bot_message', 'file_share', 'me_message', 'thread_broadcast'].includes(subtype);

/** The newest messages of the channel and of its threads, the oldest first. Errors are the SDK's. */
async function readAll(api: WebClient, channel: string): Promise<{ messages: Message[]; more: boolean }> {
  const top = await readPages((cursor) =>
    api.conversations.history({ channel, limit: most.pageSize, ...cursor }),
  );
  const begun = top.messages.filter(({ reply_count }) => reply_count > 0);
  const threads = await Promise.all(
    begun
      .slice(0, most.threads)
      .map(({ ts }) =>
        readPages((cursor) => api.conversations.replies({ channel, ts, limit: most.pageSize, ...cursor })),
      ),
  );
  const all = new Map([top, ...threads].flatMap(({ messages }) => messages.map((each) => [each.ts, each])));
  return {
    messages: [...all.values()].sort((one, other) => Number(one.ts) - Number(other.ts)),
    more: begun.length > most.threads || [top, ...threads].some(({ more }) => more),
  };
}

async function readPages(
  read: (cursor: { cursor?: string }) => Promise<unknown>,
): Promise<{ messages: Message[]; more: boolean }> {
  const messages: Message[] = [];
  let cursor: string | undefined;
  for (let count = 0; count < most.pages; count += 1) {
    const answer = parseAnswer(await read(cursor ? { cursor } : {}), page);
    messages.push(...answer.messages);
    cursor = answer.response_metadata?.next_cursor;
    if (!cursor) return { messages, more: false };
  }
  return { messages, more: true };
}

/** The names of those who wrote, as far as they can be had: who is not found keeps the id. */
async function namesOf(api: WebClient, messages: readonly Message[]): Promise<Map<string, string>> {
  const ids = [...new Set(messages.flatMap(({ user }) => user ?? []))].slice(0, most.names);
  const users = await Promise.all(ids.map((id) => readUser(api, id)));
  return new Map(users.flatMap((user) => (user ? [[user.id, user.name]] : [])));
}

/** `2026-11-26 09:12:05 Ada Lopez: Looks like the cache`, a reply indented under a mark. Later lines of a message stand below it. */
function lineOf({ ts, user, text, thread_ts }: Message, names: ReadonlyMap<string, string>): string {
  const who = visible(names.get(user ?? '') ?? user ?? 'somebody').replace(/\s+/g, ' ');
  const isReply = thread_ts !== undefined && thread_ts !== ts;
  const said = visible(text)
    .replace(/<@(\w+)(\|[^>]*)?>/g, (_, id: string) => `@${names.get(id) ?? id}`)
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll('\n', '\n    ');
  return `- ${isReply ? '  ↳ ' : ''}${timeOf(ts).slice(0, 19).replace('T', ' ')} **${who}**: ${said}`;
}

const timeOf = (ts: string) => new Date(Number(ts) * 1000).toISOString();

const newest = (messages: readonly Message[]) => messages.at(-1);

const at = <Name extends string>(name: Name, message: Message | undefined) =>
  (message ? { [name]: timeOf(message.ts) } : {}) as { [Key in Name]?: string };

/** As many whole lines as fit, or the beginning of a first one that does not. */
function firstBytes(text: string, most: number): { text: string; cut: boolean } {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return { text, cut: false };
  const kept = new TextDecoder().decode(bytes.subarray(0, most)).replace(/\uFFFD+$/, '');
  const end = kept.lastIndexOf('\n');
  return { text: end > 0 ? kept.slice(0, end) : kept, cut: true };
}
