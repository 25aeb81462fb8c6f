import type { Express } from 'express';
import { keepTo } from './limits.ts';
import { defineSimulator, startUnhurried } from './provider.ts';
import { type Act, type Simulation, type Simulator, startSimulator } from './simulator.ts';
import { conversationMethods } from './slack/conversations.ts';
import { slackLimits } from './slack/limits.ts';
import { markMethods } from './slack/marks.ts';
import { messageMethods } from './slack/messages.ts';
import { argumentsOf, type Method, Refusal } from './slack/method.ts';
import { peopleMethods } from './slack/people.ts';
import { nameOf, newTriggerId, type SignedRequest, signedForm } from './slack/requests.ts';
import { type SlackSockets, slackSockets } from './slack/sockets.ts';
import { viewMethods } from './slack/views.ts';
import { openWorkspace } from './slack/workspace.ts';
import {
  firstWorld,
  newTs,
  type SlackWorld,
  simulatedAppToken,
  simulatedSigningSecret,
  simulatedToken,
  team,
} from './slack/world.ts';

export { signSlack } from './slack/requests.ts';
export type { SlackWorld } from './slack/world.ts';

/** A Slack workspace: the Web API under `/api/`, as far as Baton uses it, and Socket Mode over `sockets`. */
export const slackSimulation = (sockets = slackSockets()): Simulation<SlackWorld> => ({
  provider: 'slack',
  world: firstWorld(),
  renewSecrets: (world) => {
    world.token = simulatedToken;
    world.appToken = simulatedAppToken;
  },
  routes: (app, world, act) => mountWebApi(app, world, act, sockets),
  upgrade: sockets.upgrade,
  errorBody: (status) => ({ ok: false, error: errorWords[status] ?? 'internal_error' }),
});

/** A fault with status 200 is Slack saying that it broke down half-way. */
const errorWords: Record<number, string> = {
  200: 'fatal_error',
  429: 'ratelimited',
  503: 'service_unavailable',
};

/** The settings that connect Baton to the simulator at `url`. */
export function slackEnvironment(url: string): Record<string, string> {
  return {
    SLACK_BOT_TOKEN: simulatedToken,
    SLACK_SIGNING_SECRET: simulatedSigningSecret,
    SLACK_API_URL: `${url}/api/`,
  };
}

/** A running Slack, with the connections that apps have opened by Socket Mode. */
export interface SlackSimulator extends Simulator<SlackWorld> {
  sockets: SlackSockets;
}

/** `limitedAt`: it keeps to Slack's limits, whose minutes pass so much faster. Left out: it takes all. */
export async function startSlack(limitedAt?: { timeScale: number }): Promise<SlackSimulator> {
  const sockets = slackSockets();
  const simulation = slackSimulation(sockets);
  const { routes } = simulation;
  const limited: typeof simulation = {
    ...simulation,
    routes(app, world, act) {
      if (limitedAt) keepTo(app, slackLimits, limitedAt.timeScale);
      routes(app, world, act);
    },
  };
  return { ...(await startSimulator(limited)), sockets };
}

export const simulatedSlack = defineSimulator({
  provider: 'slack',
  // A real app-level token is not for the simulator, which sends its clicks over HTTP.
  start: (options) =>
    startUnhurried(slackSimulation(), options, (url) => ({ ...slackEnvironment(url), SLACK_APP_TOKEN: '' })),
});

/** Slack's no has status 200, too: only a limited rate and a breakdown have another. */
function mountWebApi(app: Express, world: SlackWorld, act: Act, sockets: SlackSockets): void {
  const workspace = openWorkspace(world, act);
  const methods: Record<string, Method> = {
    ...conversationMethods(workspace),
    ...messageMethods(workspace),
    ...markMethods(workspace),
    ...peopleMethods(workspace),
    ...viewMethods(workspace),
  };

  app.all('/api/:method', (request, response) => {
    try {
      const args = argumentsOf(request);
      const token = request.headers.authorization?.match(/^Bearer (.+)$/)?.[1] ?? args.token;
      if (!token) throw new Refusal('not_authed');
      const isOfApp = request.params.method.startsWith('apps.');
      if (token !== (isOfApp ? world.appToken : world.token)) throw new Refusal('invalid_auth');
      if (world.scopes) response.setHeader('x-oauth-scopes', world.scopes.join(','));
      if (request.params.method === 'apps.connections.open') {
        response.json({ ok: true, url: sockets.newAddress(request.headers.host ?? '') });
        return;
      }
      const method = methods[request.params.method];
      if (!method) throw new Refusal('unknown_method', { req_method: request.params.method });
      response.json({ ok: true, ...method(args) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      response.json({ ok: false, error: error.word, ...error.more });
    }
  });
  app.post('/response/:channel/:user', (request, response) => {
    const { channel: channelId, user: userId } = request.params;
    const { text = '' } = JSON.parse(String(request.body)) as { text?: string };
    world.ephemerals.push({ channelId, userId, ts: newTs(world), text });
    response.send('ok');
  });
  app.use((_, response) => void response.status(404).type('text/html').send('<h1>Not found</h1>'));
}

export interface Press {
  actionId: string;
  incidentId: string;
  userId: string;
  channelId: string;
  messageTs: string;
  /** The workspace that Slack sends the click from, and the one that the person is of. Ours where left out. */
  teamId?: string;
  userTeamId?: string;
  /** When the button was pressed, as Slack writes it: with person and action it tells one click from another. */
  actionTs?: string;
  /** An option of a list was chosen, and no button pressed. */
  isChoice?: boolean;
  /** The message was shown to this person alone. */
  isEphemeral?: boolean;
  /** Where Baton may answer the person. Slack's own where left out. */
  responseUrl?: string;
  now?: Date;
}

let lastActionMicroseconds = 0;

/** Slack counts microseconds: two presses in one millisecond are two. */
function nextActionTs(now: Date): string {
  lastActionMicroseconds = Math.max(now.getTime() * 1_000, lastActionMicroseconds + 1);
  return (lastActionMicroseconds / 1_000_000).toFixed(6);
}

export interface Click extends Press {
  signingSecret: string;
}

/** What Slack says when a person presses a button of a message: over HTTP in a form, by Socket Mode in an envelope. */
export function clickPayload(press: Press) {
  const { actionId, incidentId, userId, channelId, messageTs, now = new Date() } = press;
  const { teamId = team.id, userTeamId = teamId } = press;
  const name = nameOf(userId);
  const text = { type: 'plain_text', text: actionId, emoji: false };
  return {
    type: 'block_actions',
    user: { id: userId, username: name, name, team_id: userTeamId },
    team: { id: teamId, domain: team.domain },
    api_app_id: 'A0BATON',
    token: 'simulated-verification-token',
    container: {
      type: 'message',
      message_ts: messageTs,
      channel_id: channelId,
      is_ephemeral: press.isEphemeral ?? false,
    },
    trigger_id: newTriggerId(now),
    response_url: press.responseUrl ?? `https://hooks.slack.com/actions/${team.id}/1/simulated`,
    channel: { id: channelId, name: 'incident' },
    message: { type: 'message', ts: messageTs, user: 'U0BATON' },
    state: { values: {} },
    enterprise: null,
    is_enterprise_install: false,
    actions: [
      {
        action_id: actionId,
        block_id: 'b1',
        ...(press.isChoice
          ? { type: 'static_select', selected_option: { text, value: incidentId } }
          : { type: 'button', value: incidentId, text }),
        action_ts: press.actionTs ?? nextActionTs(now),
      },
    ],
  };
}

/** The request that Slack sends when a person presses a button of a message: a signed form with one field. */
export function slackClick(click: Click): SignedRequest {
  const { signingSecret, now = new Date() } = click;
  return signedForm({ payload: JSON.stringify(clickPayload(click)) }, { signingSecret, now });
}
