import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { providerAddress, withoutSlashAtEnd } from '../address.ts';
import { notConnected } from '../failures.ts';
import { type HttpRequest, wayTo } from '../http.ts';
import { parseAnswer, throwFailure } from './failures.ts';
import { linkedPeople } from './people.ts';
import { transport } from './transport.ts';

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
  /** The addresses in PagerDuty that an administrator has linked to members, by their ids. */
  people: ReadonlyMap<string, string>;
}

const settings = z.object({
  SLACK_BOT_TOKEN: z.string().optional(),
  SLACK_API_URL: z.string().optional(),
  BATON_PEOPLE: z.string().optional(),
});

/** Clients for the settings in `env`, read at first use. The SDK is loaded then, too. */
export function slackConnections(env: NodeJS.ProcessEnv): (connection: string) => Promise<Slack> {
  let client: Promise<Slack> | undefined;
  return async (connection) => {
    if (connection !== 'default') throw notConnected('Slack', 'SLACK_BOT_TOKEN', connection);
    const { SLACK_BOT_TOKEN: token, SLACK_API_URL: url, BATON_PEOPLE: links } = settings.parse(env);
    if (!token) throw notConnected('Slack', 'SLACK_BOT_TOKEN');
    const people = linkedPeople(links);
    if (!people) throw notConnected('Slack', 'BATON_PEOPLE to a list like U0ADA=ada@example.com');
    const slackApiUrl = providerAddress('Slack', 'SLACK_API_URL', url || 'https://slack.com/api/');
    client ??= connect(token, slackApiUrl, wayTo(slackApiUrl, env), people);
    return client;
  };
}

const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  setName() {},
};

/** Temporal is the one retrier, and failures say what there is to say: the SDK neither retries nor logs. */
async function connect(
  token: string,
  slackApiUrl: string,
  way: HttpRequest['way'],
  people: ReadonlyMap<string, string>,
): Promise<Slack> {
  const { LogLevel, WebClient } = await import('@slack/web-api');
  let self: Self | undefined;
  return {
    people,
    api: (signal) =>
      new WebClient(token, {
        slackApiUrl,
        allowAbsoluteUrls: false,
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        maxRequestConcurrency: 5,
        logger: { ...silent, getLevel: () => LogLevel.ERROR },
        fetch: transport(signal, way),
      }),
    async self(api) {
      self ??= parseAnswer(await api.auth.test().catch(throwFailure), selfSchema);
      return self;
    },
  };
}
