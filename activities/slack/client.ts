import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { linkedPeople } from '../../domain/linked-people.ts';
import { withoutSlashAtEnd } from '../address.ts';
import type { Budget } from '../budget.ts';
import { notConnected } from '../failures.ts';
import { wayTo } from '../http.ts';
import { timeScaleOf } from '../time-scale.ts';
import { parseAnswer, throwFailure } from './failures.ts';
import { permalinkOf } from './post.ts';
import type { SlackSettings } from './provider.ts';
import { readRoomIncident } from './room-incident.ts';
import { transport } from './transport.ts';
import { slackTurns } from './turns.ts';

/** Who Baton is in the workspace. */
const selfSchema = z.object({
  user_id: z.string(),
  team_id: z.string(),
  url: z.url().transform((url) => `${withoutSlashAtEnd(url)}/`),
});
export type Self = z.output<typeof selfSchema>;

/** One Slack workspace. */
export interface Slack {
  /** The Web API for one attempt: its calls end with the signal. Errors are the SDK's; see `throwFailure`. */
  api(signal: AbortSignal): WebClient;
  /** Asked once. */
  self(api: WebClient): Promise<Self>;
  /** The address in PagerDuty that an administrator has linked to a member (`BATON_PEOPLE`), by the member's id. */
  linkedAddress(userId: string): Promise<string | undefined>;
  /** The member whom an administrator has linked to this address in PagerDuty. */
  linkedUser(email: string): Promise<string | undefined>;
  /** Whether a message stands in an incident's room, and where people find it. */
  lookAt(message: SlackMessage, signal: AbortSignal): Promise<{ isRoom: boolean; permalink: string }>;
}

export interface SlackMessage {
  channelId: string;
  messageTs: string;
  threadTs?: string | undefined;
}

const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  setName() {},
};

/**
 * The client for these settings. Temporal is the one retrier, and failures say what there is to say: the SDK neither retries nor logs.
 * Who is who (`BATON_PEOPLE`) holds for all workspaces, since member ids do.
 */
export async function connectSlack(
  { SLACK_BOT_TOKEN: token, SLACK_API_URL: slackApiUrl = 'https://slack.com/api/' }: SlackSettings,
  env: NodeJS.ProcessEnv,
  connection: string,
  budget: Budget,
): Promise<Slack> {
  if (!token) throw notConnected('Slack', 'SLACK_BOT_TOKEN', connection);
  const people = linkedPeople(env.BATON_PEOPLE);
  if (!people) throw notConnected('Slack', 'BATON_PEOPLE to a list like U0ADA=ada@example.com');
  const way = wayTo(slackApiUrl, env);
  const turns = slackTurns(token, budget, timeScaleOf(slackApiUrl, env));
  const { LogLevel, WebClient } = await import('@slack/web-api');
  let self: Self | undefined;
  const client: Slack = {
    linkedAddress: async (userId) => people.get(userId),
    linkedUser: async (email) =>
      [...people].find(([, address]) => address.toLowerCase() === email.toLowerCase())?.[0],
    api: (signal) =>
      new WebClient(token, {
        slackApiUrl,
        allowAbsoluteUrls: false,
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        maxRequestConcurrency: 5,
        logger: { ...silent, getLevel: () => LogLevel.ERROR },
        fetch: transport(signal, way, turns),
      }),
    async self(api) {
      self ??= parseAnswer(await api.auth.test().catch(throwFailure), selfSchema);
      return self;
    },
    async lookAt({ channelId, messageTs, threadTs }, signal) {
      const incident = await readRoomIncident(client, channelId, signal);
      const own = await client.self(client.api(signal));
      return { isRoom: incident !== null, permalink: permalinkOf(own, { channelId, threadTs }, messageTs) };
    },
  };
  return client;
}
