import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { approvalBody, approvalSchema, type ShownApproval } from './approval.ts';
import type { Self } from './client.ts';
import { openConversation } from './conversation.ts';
import { digestOf } from './digest.ts';
import { throwFailure } from './failures.ts';
import { findMessage, type Message } from './history.ts';
import { channelId, planned, userId } from './input.ts';
import { asMember, joinCalls, lookInto } from './membership.ts';
import { edit, editCall, orPost, permalinkOf, post, postCall } from './post.ts';

const approvalEvent = 'baton_approval';

const inverse = { none: 'it shows how an approval stands: a later state is shown in its place' } as const;

/**
 * One message for an approval in a channel, or in the conversation with one person: posted, then edited as it goes on. Its metadata
 * names the approval, by which it is found, and a digest of what it shows.
 */
export const showSlackApproval = defineActivity({
  name: 'showSlackApproval',
  kind: 'change',
  provider: 'slack',
  summary: 'Shows an approval with its exact calls, and buttons while it waits for an answer',
  permissions: [
    'chat:write',
    'im:write',
    'im:history',
    'channels:history',
    'groups:history',
    'channels:join',
  ],
  targets: ({ approval, place }) => [`slack-approval:${approval.id}/${Object.values(place)[0]}`],
  input: z.object({
    connection: connectionName,
    actor,
    place: z.union([z.strictObject({ channelId }), z.strictObject({ userId })]),
    approval: approvalSchema,
  }),
  output: z.object({ changed: z.boolean(), channelId: z.string(), ts: z.string(), permalink: z.string() }),
  example: {
    place: { channelId: 'C0123456789' },
    approval: {
      id: 'b4s9kq2m7',
      state: 'pending',
      summary: 'Reboots i-0abc12345def67890',
      calls: [
        {
          summary: 'Reboots i-0abc12345def67890',
          calls: ['RebootInstances InstanceIds=i-0abc12345def67890'],
          targets: ['ec2:i-0abc12345def67890'],
          undo: 'It cannot be taken back.',
        },
      ],
      askedBy: 'ec2UnhealthyRestart',
      approvers: 'who is on call for Checkout',
      required: 1,
      reasonRequired: false,
      overridesGuards: false,
      answers: [],
      expiresAt: '2026-11-21T09:30:00.000Z',
    },
  },
  inverse,
  async look({ connection, place, approval }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const { body, digest } = messageOf(approval, attempt.mark);
    const plan = (channel: string, calls: string[], ts: string) => ({
      plan: {
        summary: `Shows the approval ${approval.id} in ${channel}: ${approval.state}`,
        calls,
        values: {},
        inverse,
        output: {
          changed: true,
          channelId: channel,
          ts,
          permalink: permalinkOf(self, { channelId: channel }, ts),
        },
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
    const looked = await lookInto(channel, () => findShown(api, self, channel, approval.id, digest), null);
    const shown = looked.hidden ? null : looked.seen;
    if (shown?.isSame)
      return {
        done: {
          changed: false,
          channelId: channel,
          ts: shown.ts,
          permalink: permalinkOf(self, { channelId: channel }, shown.ts),
        },
      };
    const call = shown
      ? `${editCall({ channelId: channel, ts: shown.ts }, body)}${orPost}`
      : postCall({ channelId: channel }, body);
    return plan(channel, [...joinCalls(looked.hidden, channel), call], shown?.ts ?? planned.ts);
  },
  async act(_, { connection, place, approval }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const { body, digest, metadata } = messageOf(approval, attempt.mark);
    const channel = 'userId' in place ? await openConversation(api, place.userId) : place.channelId;
    const shown = await asMember(api, channel, () =>
      findShown(api, self, channel, approval.id, digest),
    ).catch(throwFailure);
    const stays =
      shown && (shown.isSame || (await edit(api, { channelId: channel, ts: shown.ts }, body, metadata)));
    const ts = stays && shown ? shown.ts : await post(api, { channelId: channel }, body, metadata);
    return {
      changed: !shown?.isSame,
      channelId: channel,
      ts,
      permalink: permalinkOf(self, { channelId: channel }, ts),
    };
  },
});

function messageOf(approval: ShownApproval, mark: string | undefined) {
  const body = approvalBody(approval, mark);
  const digest = digestOf(body);
  return {
    body,
    digest,
    metadata: { event_type: approvalEvent, event_payload: { approval: approval.id, digest } },
  };
}

/**
 * Baton's newest message of the approval in the channel, whatever metadata another app gives its own; `isSame`: it shows what it is to show.
 * Errors are the SDK's.
 */
async function findShown(
  api: WebClient,
  { user_id: own }: Self,
  channel: string,
  approvalId: string,
  digest: string,
): Promise<{ ts: string; isSame: boolean } | null> {
  const isShown = ({ user, metadata }: Message) =>
    user === own && metadata?.event_type === approvalEvent && metadata.event_payload.approval === approvalId;
  const found = await findMessage(api, { channelId: channel }, isShown);
  return found ? { ts: found.ts, isSame: found.metadata?.event_payload.digest === digest } : null;
}
