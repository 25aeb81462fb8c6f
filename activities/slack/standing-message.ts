import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Looked } from '../../domain/plan.ts';
import type { ActivityContext } from '../activity.ts';
import type { Body } from './blocks.ts';
import type { Self } from './client.ts';
import { openConversation } from './conversation.ts';
import { digestOf } from './digest.ts';
import { throwFailure } from './failures.ts';
import { findMessage, type Message } from './history.ts';
import { channelId, planned, userId } from './input.ts';
import { asMember, joinCalls, lookInto } from './membership.ts';
import { edit, editCall, orPost, permalinkOf, post, postCall } from './post.ts';

/**
 * One message that shows how something stands, in a channel or in the conversation with one person: posted, then edited as it goes on. Its
 * metadata names what it shows, by which it is found, and a digest of the text.
 */
export interface Standing {
  /** Of the metadata: `approval` is `baton_approval`. */
  kind: 'approval' | 'question';
  id: string;
  state: string;
  body: Body;
}

/** Where it is shown. */
export const place = z.union([z.strictObject({ channelId }), z.strictObject({ userId })]);
type Place = z.output<typeof place>;

export const shownAt = z.object({
  changed: z.boolean(),
  channelId: z.string(),
  ts: z.string(),
  permalink: z.string(),
});
type ShownAt = z.output<typeof shownAt>;

/** What that takes. */
export const standingPermissions = [
  'chat:write',
  'im:write',
  'im:history',
  'channels:history',
  'groups:history',
  'channels:join',
];

interface At {
  connection: string;
  place: Place;
}

export async function lookAtStanding<const Inverse extends { none: string }>(
  standing: Standing,
  { connection, place }: At,
  { slack, attempt }: Pick<ActivityContext, 'slack' | 'attempt'>,
  inverse: Inverse,
): Promise<Looked<ShownAt, Record<string, never>>> {
  const { kind, id, state, body } = standing;
  const client = await slack(connection);
  const api = client.api(attempt.signal);
  const self = await client.self(api);
  const at = (channel: string, ts: string, changed: boolean): ShownAt => ({
    changed,
    channelId: channel,
    ts,
    permalink: permalinkOf(self, { channelId: channel }, ts),
  });
  const plan = (channel: string, calls: string[], ts: string) => ({
    plan: {
      summary: `Shows the ${kind} ${id} in ${channel}: ${state}`,
      calls,
      values: {},
      inverse,
      output: at(channel, ts, true),
    },
  });
  // Which conversation it is, Slack tells only when it opens it.
  if ('userId' in place) {
    const channel = planned.conversationId;
    const calls = [
      `conversations.open users=${place.userId}`,
      `${postCall({ channelId: channel }, body)} (or chat.update)`,
    ];
    return plan(channel, calls, planned.ts);
  }
  const channel = place.channelId;
  const looked = await lookInto(channel, () => findShown(api, self, channel, standing), null);
  const shown = looked.hidden ? null : looked.seen;
  if (shown?.isSame) return { done: at(channel, shown.ts, false) };
  const call = shown
    ? `${editCall({ channelId: channel, ts: shown.ts }, body)}${orPost}`
    : postCall({ channelId: channel }, body);
  return plan(channel, [...joinCalls(looked.hidden, channel), call], shown?.ts ?? planned.ts);
}

export async function showStanding(
  standing: Standing,
  { connection, place }: At,
  { slack, attempt }: Pick<ActivityContext, 'slack' | 'attempt'>,
): Promise<ShownAt> {
  const { body } = standing;
  const client = await slack(connection);
  const api = client.api(attempt.signal);
  const self = await client.self(api);
  const channel = 'userId' in place ? await openConversation(api, place.userId) : place.channelId;
  const shown = await asMember(api, channel, () => findShown(api, self, channel, standing)).catch(
    throwFailure,
  );
  const metadata = metadataOf(standing);
  const stays =
    shown && (shown.isSame || (await edit(api, { channelId: channel, ts: shown.ts }, body, metadata)));
  const ts = stays && shown ? shown.ts : await post(api, { channelId: channel }, body, metadata);
  return {
    changed: !shown?.isSame,
    channelId: channel,
    ts,
    permalink: permalinkOf(self, { channelId: channel }, ts),
  };
}

const metadataOf = ({ kind, id, body }: Standing) => ({
  event_type: `baton_${kind}`,
  event_payload: { [kind]: id, digest: digestOf(body) },
});

/**
 * Baton's newest message of it in the channel, whatever metadata another app gives its own; `isSame`: it shows what it is to show.
 * Errors are the SDK's.
 */
async function findShown(
  api: WebClient,
  { user_id: own }: Self,
  channel: string,
  standing: Standing,
): Promise<{ ts: string; isSame: boolean } | null> {
  const { event_type: type, event_payload: wanted } = metadataOf(standing);
  const isShown = ({ user, metadata }: Message) =>
    user === own && metadata?.event_type === type && metadata.event_payload[standing.kind] === standing.id;
  const found = await findMessage(api, { channelId: channel }, isShown);
  return found ? { ts: found.ts, isSame: found.metadata?.event_payload.digest === wanted.digest } : null;
}
