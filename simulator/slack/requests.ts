import { createHmac } from 'node:crypto';
import type { OpenView } from './world.ts';
import { people, team } from './world.ts';

/** What Slack sends to an app: headers and bytes. */
export interface SignedRequest {
  headers: Record<string, string>;
  body: string;
}

/** Who says something, and where. */
export interface Saying {
  signingSecret: string;
  userId: string;
  channelId: string;
  /** The workspace that Slack names. Ours where left out. */
  teamId?: string;
  now?: Date;
}

/** Where the simulator at `url` takes an answer to what somebody says: it is shown to them alone. */
export const responseUrlAt = (url: string, { channelId, userId }: Pick<Saying, 'channelId' | 'userId'>) =>
  `${url}/response/${channelId}/${userId}`;

let lastTrigger = 0;

/** The key with which a form can be opened for 3 s: it begins with the time at which Slack gave it out. */
export function newTriggerId(now = new Date()): string {
  lastTrigger += 1;
  return `${now.getTime()}.${lastTrigger}.simulated`;
}

/** `X-Slack-Signature` for a body sent at `timestamp`. https://docs.slack.dev/authentication/verifying-requests-from-slack */
export function signSlack(secret: string, timestamp: number | string, body: string | Buffer): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`;
}

/** A form, signed as Slack signs it. */
export function signedForm(
  fields: Record<string, string>,
  { signingSecret, now = new Date() }: Pick<Saying, 'signingSecret' | 'now'>,
): SignedRequest {
  const body = new URLSearchParams(fields).toString();
  const timestamp = Math.floor(now.getTime() / 1000);
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': signSlack(signingSecret, timestamp, body),
  };
  return { headers, body };
}

export const nameOf = (userId: string) =>
  people.find(({ id }) => id === userId)?.name ?? userId.toLowerCase();

/** The request of a slash command. `triggerId`: the same one is the same command, sent again. */
export function slackCommand(
  saying: Saying & { text: string; triggerId?: string; responseUrl?: string },
): SignedRequest {
  const { userId, channelId, teamId = team.id, text, triggerId = newTriggerId(saying.now) } = saying;
  const fields = {
    token: 'simulated-verification-token',
    team_id: teamId,
    team_domain: team.domain,
    channel_id: channelId,
    channel_name: 'incident',
    user_id: userId,
    user_name: nameOf(userId),
    command: '/baton',
    text,
    api_app_id: 'A0BATON',
    is_enterprise_install: 'false',
    response_url: saying.responseUrl ?? `https://hooks.slack.com/commands/${team.id}/1/simulated`,
    trigger_id: triggerId,
  };
  return signedForm(fields, saying);
}

/** What all interactions carry. */
const interaction = ({ userId, teamId = team.id }: Saying) => ({
  user: { id: userId, username: nameOf(userId), name: nameOf(userId), team_id: teamId },
  team: { id: teamId, domain: team.domain },
  api_app_id: 'A0BATON',
  token: 'simulated-verification-token',
  enterprise: null,
  is_enterprise_install: false,
});

/** The request of a form that somebody has filled in: the values by block. */
export function slackSubmission(
  saying: Omit<Saying, 'channelId'> & { open: OpenView; values: Record<string, string> },
): SignedRequest {
  const { open, values } = saying;
  const { id, hash, view } = open;
  const filled = view.blocks.flatMap((block) => {
    if (block.type !== 'input') return [];
    const { block_id, element } = block;
    const value = values[block_id] ?? null;
    const state =
      element.type === 'static_select'
        ? { type: element.type, selected_option: value === null ? null : { value } }
        : { type: element.type, value };
    return [[block_id, { [element.action_id]: state }]];
  });
  const payload = {
    type: 'view_submission',
    ...interaction({ ...saying, channelId: '' }),
    trigger_id: newTriggerId(saying.now),
    view: { ...view, id, hash, state: { values: Object.fromEntries(filled) } },
    response_urls: [],
  };
  return signedForm({ payload: JSON.stringify(payload) }, saying);
}

/** The request of a shortcut on a message. */
export function slackShortcut(
  saying: Saying & {
    callbackId: string;
    message: { ts: string; text: string; user: string };
    responseUrl?: string;
  },
): SignedRequest {
  const { callbackId, channelId, message, now = new Date() } = saying;
  const payload = {
    type: 'message_action',
    ...interaction(saying),
    callback_id: callbackId,
    trigger_id: newTriggerId(now),
    response_url: saying.responseUrl ?? `https://hooks.slack.com/app/${team.id}/1/simulated`,
    action_ts: (now.getTime() / 1000).toFixed(6),
    message_ts: message.ts,
    channel: { id: channelId, name: 'incident' },
    message: { type: 'message', ...message },
  };
  return signedForm({ payload: JSON.stringify(payload) }, saying);
}
