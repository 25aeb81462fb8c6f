import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Delivery } from '../../domain/delivery.ts';
import { type Event, laneOf } from '../../domain/event.ts';
import type { PersonRequest, SlackRequest } from '../../domain/person-request.ts';
import { defaultConnection, incidentOfMark, isNumber, subjectOf } from '../../domain/subject.ts';
import { timeOf } from './payload.ts';
import { personFields, type SaidBy, saidBy, short } from './person.ts';

/** Where and by whom something was said, and how Slack tells it from anything else. */
export interface Told {
  user: SaidBy;
  channelId: string;
  messageTs?: string;
  /** The message whose thread that one belongs to. */
  threadTs?: string;
  /** Equal for repeats, and by HTTP and the socket. Never the `trigger_id` itself, which opens forms. */
  id: string;
  /** ISO time; when it came, where Slack names none. */
  time: string;
}

/**
 * What a person asks for, as a delivery. The addresses and tokens that Slack sends along stay in the stored bytes and go nowhere. Where the
 * incident is named by its id the request is filed under it; else which one is meant is found out when it is carried out.
 */
export function requestDelivery(
  request: PersonRequest,
  by: SlackRequest['by'],
  { user, channelId, messageTs, id: own, time }: Told,
  body: Buffer,
  slackConnection: string,
): Delivery {
  const id = subjectOf(slackConnection, own);
  const named = incidentNamed(request);
  const subject = named && subjectOf(named.connection, named.incidentId);
  const data: SlackRequest = {
    request,
    by,
    user,
    channelId,
    ...(messageTs === undefined ? {} : { messageTs }),
    askedAt: time,
  };
  const event: Event<'slack.request'> = {
    id,
    source: user.teamId ? `/slack/${user.teamId}` : '/slack',
    type: 'slack.request',
    ...(named && named.connection !== defaultConnection ? { connection: named.connection } : {}),
    ...(slackConnection === defaultConnection ? {} : { slackConnection }),
    ...(subject === undefined ? {} : { subject }),
    time,
    agent: { kind: 'person', id: user.id, name: user.name },
    data,
  };
  const sender = { actor: `slack:${user.id}`, via: 'slack' };
  const about = { ...(subject === undefined ? {} : { subject }), lane: laneOf(event) };
  return { source: event.source, eventId: id, type: event.type, ...about, time, body, event, ...sender };
}

/** A number is looked up at PagerDuty when the request is carried out. */
function incidentNamed({ incident }: PersonRequest) {
  const named = incident === undefined ? undefined : incidentOfMark(incident);
  return named && !isNumber(named.incidentId) ? named : undefined;
}

const command = z.object({
  user_id: short,
  user_name: short.optional().catch(undefined),
  team_id: short.optional().catch(undefined),
  channel_id: short,
  trigger_id: short,
  text: z.string().default(''),
});

/** A slash command: what was typed, and the `trigger_id` with which a form can be opened within 3 s. Undefined: it cannot be read. */
export function readSlashCommand(
  payload: unknown,
  receivedAt: string,
): { text: string; triggerId: string; told: Told } | undefined {
  const { data } = command.safeParse(payload);
  if (!data) return undefined;
  const { user_id: id, user_name: name = id, team_id: teamId = '', channel_id, trigger_id, text } = data;
  const told: Told = {
    user: { id, name, teamId },
    channelId: channel_id,
    id: `command.${createHash('sha256').update(trigger_id).digest('hex').slice(0, 32)}`,
    time: receivedAt,
  };
  return { text, triggerId: trigger_id, told };
}

const press = z.object({
  type: z.literal('block_actions'),
  ...personFields,
  channel: z.object({ id: short }),
  container: z.object({ message_ts: short, is_ephemeral: z.boolean().optional().catch(undefined) }),
  trigger_id: short.optional().catch(undefined),
  actions: z
    .tuple([
      z.object({
        action_id: short,
        action_ts: short,
        value: z.string().min(1).max(500).optional(),
        selected_option: z.object({ value: z.string().min(1).max(500) }).nullish(),
      }),
    ])
    .rest(z.unknown()),
});

export interface Press {
  actionId: string;
  value: string;
  triggerId: string | undefined;
  told: Told;
}

/** A pressed button of a message, or an option that was chosen there. Undefined: it is none, or cannot be read. */
export function readPress(payload: unknown, receivedAt: string): Press | undefined {
  const { data } = press.safeParse(payload);
  if (!data) return undefined;
  const [{ action_id: actionId, action_ts, value: pressed, selected_option: chosen }] = data.actions;
  const value = pressed ?? chosen?.value;
  if (value === undefined) return undefined;
  const user = saidBy(data);
  const told: Told = {
    user,
    channelId: data.channel.id,
    // What one person alone was shown, Slack keeps nowhere.
    ...(data.container.is_ephemeral ? {} : { messageTs: data.container.message_ts }),
    // As that of a click (`clickDelivery`).
    id: `${action_ts}.${user.id}.${actionId}`,
    time: timeOf(action_ts) ?? receivedAt,
  };
  return { actionId, value, triggerId: data.trigger_id, told };
}

const shortcut = z.object({
  type: z.literal('message_action'),
  callback_id: short,
  ...personFields,
  channel: z.object({ id: short }),
  action_ts: short,
  trigger_id: short.optional().catch(undefined),
  message: z.object({
    ts: short,
    thread_ts: short.optional().catch(undefined),
    text: z.string().default(''),
    user: short.nullish().catch(null),
    username: short.nullish().catch(null),
  }),
});

/** A shortcut on a message, with what that says. Undefined: it is none, or cannot be read. */
export function readShortcut(
  payload: unknown,
  receivedAt: string,
):
  | {
      callbackId: string;
      text: string;
      author: string | undefined;
      triggerId: string | undefined;
      told: Told;
    }
  | undefined {
  const { data } = shortcut.safeParse(payload);
  if (!data) return undefined;
  const user = saidBy(data);
  const { callback_id: callbackId, action_ts, channel, message } = data;
  return {
    callbackId,
    text: message.text,
    author: message.user ?? message.username ?? undefined,
    triggerId: data.trigger_id,
    told: {
      user,
      channelId: channel.id,
      messageTs: message.ts,
      ...(message.thread_ts === undefined ? {} : { threadTs: message.thread_ts }),
      id: `${action_ts}.${user.id}.${callbackId}`,
      time: timeOf(action_ts) ?? receivedAt,
    },
  };
}

const submission = z.object({
  type: z.literal('view_submission'),
  ...personFields,
  view: z.object({
    id: short,
    hash: short,
    callback_id: short,
    private_metadata: z.string().max(3_000),
    state: z.object({
      values: z.record(
        z.string(),
        z.record(
          z.string(),
          z.object({
            value: z.string().nullish(),
            selected_option: z.object({ value: z.string() }).nullish(),
          }),
        ),
      ),
    }),
  }),
});

export interface Submission {
  callbackId: string;
  privateMetadata: string;
  /** What was filled in, by block. What was left empty is not there. */
  values: Record<string, string>;
  /** Without the channel, which the form itself carries. */
  told: Omit<Told, 'channelId' | 'messageTs'>;
}

/** A form that was sent. Undefined: it is none, or cannot be read. */
export function readSubmission(payload: unknown, receivedAt: string): Submission | undefined {
  const { data } = submission.safeParse(payload);
  if (!data) return undefined;
  const { id, hash, callback_id: callbackId, private_metadata: privateMetadata, state } = data.view;
  const values = Object.fromEntries(
    Object.entries(state.values).flatMap(([block, actions]) => {
      const [field] = Object.values(actions);
      const value = field?.value ?? field?.selected_option?.value ?? '';
      return value.trim() === '' ? [] : [[block, value.trim()]];
    }),
  );
  const told = { user: saidBy(data), id: `${id}.${hash}`, time: receivedAt };
  return { callbackId, privateMetadata, values, told };
}
