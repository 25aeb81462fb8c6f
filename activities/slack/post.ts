import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Attempt } from '../activity.ts';
import type { Body } from './blocks.ts';
import type { Self } from './client.ts';
import { accept, parseAnswer, throwFailure } from './failures.ts';
import { earliest, findMessage, isRepeat, type Message, type Place } from './history.ts';
import { asMember } from './membership.ts';
import { cut } from './text.ts';

/** Nothing in a message becomes a mention, a link or a preview but what was written as one. */
const unparsed = { parse: 'none', link_names: false } as const;
const unfurled = { unfurl_links: false, unfurl_media: false } as const;

const messageEvent = 'baton_message';

export interface Metadata {
  event_type: string;
  event_payload: Record<string, string>;
}

export interface Posted {
  changed: boolean;
  ts: string;
}

export async function post(api: WebClient, place: Place, body: Body, metadata: Metadata): Promise<string> {
  const { channelId: channel, threadTs } = place;
  const answer = await api.chat
    .postMessage({
      channel,
      ...body,
      ...(threadTs ? { thread_ts: threadTs } : {}),
      metadata,
      ...unparsed,
      ...unfurled,
    })
    .catch(throwFailure);
  return parseAnswer(answer, z.object({ ts: z.string() })).ts;
}

/**
 * What an earlier attempt at this effect has posted. Slack takes the same message twice, so the effect's key goes with it as metadata, and
 * is looked for where an earlier attempt may have posted. Errors are the SDK's.
 */
export async function findPosted(
  api: WebClient,
  place: Place,
  attempt: Attempt,
): Promise<Message | undefined> {
  if (!isRepeat(attempt)) return undefined;
  const isOurs = ({ metadata }: Message) =>
    metadata?.event_type === messageEvent && metadata.event_payload.key === attempt.key;
  return findMessage(api, place, isOurs, earliest(attempt));
}

/** Posts under the effect's key, and gives the message's time. Only where `findPosted` has found nothing. */
export const postUnderKey = (api: WebClient, place: Place, body: Body, { key }: Attempt): Promise<string> =>
  post(api, place, body, { event_type: messageEvent, event_payload: { key } });

/** Looks, where an earlier attempt may have posted, and posts: for a place that is known only while it acts. */
export async function postOnce(api: WebClient, place: Place, body: Body, attempt: Attempt): Promise<Posted> {
  const find = () => findPosted(api, place, attempt);
  const earlier = await asMember(api, place.channelId, find).catch(throwFailure);
  if (earlier) return { changed: false, ts: earlier.ts };
  return { changed: true, ts: await postUnderKey(api, place, body, attempt) };
}

/** The call of `post`, for a plan. */
export const postCall = ({ channelId, threadTs }: Place, { text }: Body) =>
  `chat.postMessage channel=${channelId}${threadTs ? ` thread_ts=${threadTs}` : ''} ${inShort(text)}`;

/** The call of `edit`, for a plan. */
export const editCall = ({ channelId, ts }: { channelId: string; ts: string }, { text }: Body) =>
  `chat.update channel=${channelId} ts=${ts} ${inShort(text)}`;

/** Said in a plan of an edit. */
export const orPost = ' (chat.postMessage, where it can no longer be edited)';

const inShort = (text: string) => JSON.stringify(cut(text, 100));

/** Refusals of an edit after which the message can only be posted anew. */
const uneditable = ['message_not_found', 'edit_window_closed', 'cant_update_message'];

/** False where the message cannot be edited (deleted, too old, or not ours). */
export async function edit(
  api: WebClient,
  { channelId, ts }: { channelId: string; ts: string },
  body: Body,
  metadata?: Metadata,
): Promise<boolean> {
  return api.chat
    .update({ channel: channelId, ts, ...body, ...(metadata ? { metadata } : {}), ...unparsed })
    .then(() => true)
    .catch(accept(uneditable, false));
}

export async function postEphemeral(
  api: WebClient,
  channelId: string,
  userId: string,
  body: Body,
): Promise<void> {
  await api.chat
    .postEphemeral({ channel: channelId, user: userId, ...body, ...unparsed })
    .catch(throwFailure);
}

/** Where people find a message. Put together here: asking Slack for it after the post could fail the post. */
export function permalinkOf({ url }: Self, { channelId, threadTs }: Place, ts: string): string {
  const thread = threadTs ? `?thread_ts=${threadTs}&cid=${channelId}` : '';
  return `${url}archives/${channelId}/p${ts.replace('.', '')}${thread}`;
}
