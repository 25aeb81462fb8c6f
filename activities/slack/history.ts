import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Attempt } from '../activity.ts';
import { parseAnswer } from './failures.ts';

/** How far back a message is looked for: 1 000 messages, newest first. */
const maxPages = 5;
const pageSize = 200;
/** Clocks differ: ours said when the earlier attempt began, Slack's dates the message. */
const clockSkewMilliseconds = 60_000;

const message = z.object({
  ts: z.string(),
  user: z.string().optional().catch(undefined),
  metadata: z
    .object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) })
    .optional()
    .catch(undefined),
  blocks: z.array(z.unknown()).catch([]).default([]),
});
export type Message = z.output<typeof message>;

const page = z.object({
  messages: z.array(message).default([]),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

/** Whether an earlier attempt may have acted. */
export const isRepeat = ({ number, uncertainSince }: Attempt) => number > 1 || uncertainSince !== undefined;

/** The earliest time, as Slack writes it, at which an earlier attempt can have posted; undefined where unknown. */
export function earliest({ uncertainSince }: Attempt): string | undefined {
  if (uncertainSince === undefined) return undefined;
  return ((Date.parse(uncertainSince) - clockSkewMilliseconds) / 1000).toFixed(6);
}

/** Where to look: a channel, or a thread in it. */
export interface Place {
  channelId: string;
  threadTs?: string | undefined;
}

/** The newest message that `matches`, among the last thousand. Errors are the SDK's. https://docs.slack.dev/messaging/message-metadata */
export async function findMessage(
  api: WebClient,
  { channelId, threadTs }: Place,
  matches: (message: Message) => boolean,
  oldest?: string,
): Promise<Message | undefined> {
  let cursor: string | undefined;
  for (let count = 0; count < maxPages; count += 1) {
    const request = {
      channel: channelId,
      include_all_metadata: true,
      limit: pageSize,
      ...(cursor ? { cursor } : {}),
      ...(oldest ? { oldest } : {}),
    };
    const answer = threadTs
      ? await api.conversations.replies({ ...request, ts: threadTs })
      : await api.conversations.history(request);
    const { messages, response_metadata: more } = parseAnswer(answer, page);
    const found = messages.find(matches);
    cursor = more?.next_cursor;
    if (found || !cursor) return found;
  }
  return undefined;
}

/** One message of a channel; undefined where there is none at that time. Errors are the SDK's. */
export async function readMessage(
  api: WebClient,
  channelId: string,
  ts: string,
): Promise<Message | undefined> {
  const answer = await api.conversations.history({
    channel: channelId,
    include_all_metadata: true,
    latest: ts,
    inclusive: true,
    limit: 1,
  });
  return parseAnswer(answer, page).messages.find((each) => each.ts === ts);
}
