import { z } from 'zod';
import type { Delivery } from '../../domain/delivery.ts';
import { type Event, laneOf } from '../../domain/event.ts';
import { defaultConnection, incidentOfMark, subjectOf } from '../../domain/subject.ts';
import { canonicalJson } from '../../store/json.ts';
import { digestOf } from '../receiving/body.ts';
import { personFields, saidBy, short } from './person.ts';

/** A button's `value` holds the incident's mark and nothing else: it gives no right to anything. */
const incident = z.string().transform((mark, context) => {
  const named = incidentOfMark(mark);
  if (named) return named;
  context.addIssue('is no incident');
  return z.NEVER;
});

const click = z
  .object({
    type: z.literal('block_actions'),
    ...personFields,
    channel: z.object({ id: short }),
    container: z.object({ message_ts: short }),
    // A message has one button pressed at a time.
    actions: z.tuple([z.object({ action_id: short, action_ts: short, value: incident })]).rest(z.unknown()),
  })
  .transform(({ channel, container, actions: [action], ...said }) => ({
    user: saidBy(said),
    channel,
    container,
    action,
  }));

const typed = z.object({ type: z.string().min(1).max(100) });

/**
 * A pressed button as a delivery. The envelope holds who pressed what, where; the addresses and tokens that Slack sends
 * along stay in the stored bytes and go nowhere. Slack gives a click no id, so its time, person and button are one. Whoever signs may say any of
 * them, so the named connection (`slackConnection`) is a part of it: what comes by one is never taken for what came by another.
 * https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
 */
export function clickDelivery(
  payload: unknown,
  body: Buffer,
  receivedAt: string,
  slackConnection: string,
): Delivery {
  const read = click.safeParse(payload);
  if (!read.success) return otherPayload(payload, body, receivedAt, slackConnection);
  const { user, channel, container, action } = read.data;
  const { connection, incidentId } = action.value;
  const subject = subjectOf(connection, incidentId);
  const event: Event<'slack.action'> = {
    id: subjectOf(slackConnection, `${action.action_ts}.${user.id}.${action.action_id}`),
    source: user.teamId ? `/slack/${user.teamId}` : '/slack',
    type: 'slack.action',
    ...(connection === defaultConnection ? {} : { connection }),
    ...(slackConnection === defaultConnection ? {} : { slackConnection }),
    subject,
    time: timeOf(action.action_ts) ?? receivedAt,
    agent: { kind: 'person', id: user.id, name: user.name },
    data: {
      actionId: action.action_id,
      incidentId,
      user,
      channelId: channel.id,
      messageTs: container.message_ts,
    },
  };
  const { id: eventId, source, type, time } = event;
  const by = { actor: `slack:${user.id}`, via: 'slack' };
  return { source, eventId, type, subject, lane: laneOf(event), time, body, event, ...by };
}

/** What is not one of our buttons: stored under its type, for which there is no trigger. Without a type it cannot be read. */
function otherPayload(payload: unknown, body: Buffer, receivedAt: string, slackConnection: string): Delivery {
  const read = typed.safeParse(payload);
  const idAt = (id: string) => subjectOf(slackConnection, id);
  if (read.success) return storedOnly(body, `slack.${read.data.type}`, idAt(idOf(payload)), receivedAt);
  const unreadable = 'it holds no JSON payload with a type';
  const by = { actor: 'slack', via: 'slack' };
  const eventId = idAt(digestOf(body));
  return { source: '/slack', eventId, type: 'slack.unknown', time: receivedAt, body, unreadable, ...by };
}

const callback = z.object({ event_id: short, event: typed });

/** An event of Slack's Events API: stored under its type; none of them calls for anything yet. */
export function slackEventDelivery(
  payload: unknown,
  body: Buffer,
  receivedAt: string,
  slackConnection: string,
): Delivery {
  const idAt = (id: string) => subjectOf(slackConnection, id);
  const read = callback.safeParse(payload);
  if (!read.success) return storedOnly(body, 'slack.event.unknown', idAt(idOf(payload)), receivedAt);
  return storedOnly(body, `slack.event.${read.data.event.type}`, idAt(read.data.event_id), receivedAt);
}

function storedOnly(body: Buffer, type: string, eventId: string, time: string): Delivery {
  const event = { id: eventId, source: '/slack', type, time, data: {} };
  return { source: '/slack', eventId, type, time, body, event, actor: 'slack', via: 'slack' };
}

/** Of a payload without an id of its own: equal whichever way it came, in a form or over the socket. */
export const idOf = (payload: unknown) => digestOf(Buffer.from(canonicalJson(payload)));

/** Slack's times are seconds since 1970, with six decimals. */
export function timeOf(ts: string): string | undefined {
  const milliseconds = Number(ts) * 1000;
  return milliseconds > 0 && milliseconds < 8.64e15 ? new Date(milliseconds).toISOString() : undefined;
}
