import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Attempt } from '../activity.ts';
import type { Body } from './blocks.ts';
import type { Self } from './client.ts';
import { accept, parseAnswer, throwFailure } from './failures.ts';
import { earliest, findMessage, isRepeat, type Place } from './history.ts';

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
 * Posts once per effect. Slack takes the same message twice, so the effect's key goes with it as metadata, and is looked
 * for where an earlier attempt may have posted.
 */
export async function postOnce(api: WebClient, place: Place, body: Body, attempt: Attempt): Promise<Posted> {
  const { key } = attempt;
  if (isRepeat(attempt)) {
    const earlier = await findMessage(
      api,
      place,
      ({ metadata }) => metadata?.event_type === messageEvent && metadata.event_payload.key === key,
      earliest(attempt),
    );
    if (earlier) return { changed: false, ts: earlier.ts };
  }
  return {
    changed: true,
    ts: await post(api, place, body, { event_type: messageEvent, event_payload: { key } }),
  };
}

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
