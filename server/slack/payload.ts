import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Delivery } from '../../store/store.ts';
import type { SlackAction } from '../../triggers/event.ts';
import { parseJsonText } from '../body.ts';

/** A button's `value` holds the incident's id and nothing else: it gives no right to anything. */
const incidentId = z.string().regex(/^[A-Z0-9]{1,32}$/);
const short = z.string().min(1).max(255);

const blockActions = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: short, name: z.string().nullish(), username: z.string().nullish() }),
  team: z.object({ id: short }).nullish(),
  channel: z.object({ id: short }),
  container: z.object({ message_ts: short }),
  actions: z.array(z.object({ action_id: short, action_ts: short, value: incidentId })).min(1),
});

const typed = z.object({ type: z.string().min(1).max(100) });

/**
 * A pressed button as a delivery. The envelope holds who pressed what, where; the addresses and tokens that Slack sends
 * along stay in the stored bytes and go nowhere. Slack gives a click no id, so its time, person and button are one.
 */
export function clickDelivery(body: Buffer, receivedAt: string): Delivery {
  const unknown = { body, time: receivedAt, eventId: digest(body), actor: 'slack', via: 'slack' };
  const source = '/slack';
  const payload = readPayload(body);
  const type = typed.safeParse(payload);
  const click = blockActions.safeParse(payload);
  if (!click.success) {
    const name = type.success ? type.data.type : 'unknown';
    if (name !== 'block_actions' && type.success)
      return {
        ...unknown,
        source,
        type: `slack.${name}`,
        event: envelope(source, unknown, `slack.${name}`, {}),
      };
    return { ...unknown, source, type: 'slack.action', unreadable: z.prettifyError(click.error) };
  }
  const { user, team, channel, container, actions } = click.data;
  const action = actions[0] as (typeof actions)[number];
  const name = user.name ?? user.username ?? user.id;
  const data: SlackAction = {
    actionId: action.action_id,
    incidentId: action.value,
    user: { id: user.id, name, teamId: team?.id ?? '' },
    channelId: channel.id,
    messageTs: container.message_ts,
  };
  const from = team ? `/slack/${team.id}` : source;
  const id = `${action.action_ts}.${user.id}.${action.action_id}`;
  const time = timeOf(action.action_ts) ?? receivedAt;
  return {
    source: from,
    eventId: id,
    type: 'slack.action',
    subject: action.value,
    time,
    body,
    event: {
      id,
      source: from,
      type: 'slack.action',
      subject: action.value,
      time,
      agent: { kind: 'person', id: user.id, name },
      data,
    },
    actor: `slack:${user.id}`,
    via: 'slack',
  };
}

/** An event of Slack's Events API: stored under its type; none of them calls for anything yet. */
export function slackEventDelivery(body: Buffer, json: unknown, receivedAt: string): Delivery {
  const callback = z.object({ event_id: short, event: typed, team_id: short.nullish() }).safeParse(json);
  const eventId = callback.success ? callback.data.event_id : digest(body);
  const type = `slack.event.${callback.success ? callback.data.event.type : 'unknown'}`;
  const base = { eventId, time: receivedAt };
  return {
    ...base,
    source: '/slack',
    type,
    body,
    event: envelope('/slack', base, type, {}),
    actor: 'slack',
    via: 'slack',
  };
}

const envelope = (
  source: string,
  { eventId, time }: { eventId: string; time: string },
  type: string,
  data: object,
) => ({
  id: eventId,
  source,
  type,
  time,
  data,
});

const digest = (body: Uint8Array) => `sha256:${createHash('sha256').update(body).digest('hex')}`;

function readPayload(body: Buffer): unknown {
  try {
    return parseJsonText(new URLSearchParams(body.toString('utf8')).get('payload') ?? '');
  } catch {
    return undefined;
  }
}

/** Slack's times are seconds since 1970, with six decimals. */
function timeOf(ts: string): string | undefined {
  const milliseconds = Number(ts) * 1000;
  return Number.isFinite(milliseconds) && milliseconds > 0 && milliseconds < 8.64e15
    ? new Date(milliseconds).toISOString()
    : undefined;
}
