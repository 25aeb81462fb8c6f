import { ApplicationFailure } from '@temporalio/common';
import type { Configuration, CustomFetchOptions, TokenEndpointResponse } from 'openid-client';
import { withoutSlashAtEnd } from '../address.ts';
import { limited, notConnected, notYet, refused, unreadable } from '../failures.ts';
import { NoAnswer, sendHttp, wayTo } from '../http.ts';
import { retryAfterSeconds } from '../retry-after.ts';
import type { PagerDutySettings } from './provider.ts';
import { wantedScopes } from './scopes.ts';

/** What PagerDuty has given to an app. */
export interface Granted {
  accessToken: string;
  /** By which the next access token is got. It is good for one use. Of an app that acts as itself there is none. */
  refreshToken: string | undefined;
  /** When the access token ends, by our clock, in milliseconds. */
  endsAt: number;
  scopes: readonly string[];
}

/** PagerDuty’s side of OAuth. All reject with the failures of the activities; none of them has changed anything. */
export interface Identity {
  /** A token by which the app acts as itself. */
  forApp(): Promise<Granted>;
  /** Where a user consents that the app acts as they do, and what has to be known when they come back. */
  begin(redirectUri: string): Promise<{ address: string; state: string; verifier: string }>;
  /** What the user has consented to. `search`: of the address to which PagerDuty has sent the browser. */
  finish(given: { redirectUri: string; search: string; state: string; verifier: string }): Promise<Granted>;
  /** The next tokens. The refresh token is used up. */
  refresh(token: string): Promise<Granted>;
}

/** For both regions: https://developer.pagerduty.com/docs/oauth-functionality */
const usualAddress = 'https://identity.pagerduty.com';

/** The app of these settings. Nothing is asked before it is used, and the library is loaded then. https://developer.pagerduty.com/docs/private-apps */
export function identityOf(
  settings: PagerDutySettings,
  env: NodeJS.ProcessEnv,
  connection: string,
): Identity {
  const base = withoutSlashAtEnd(settings.PAGERDUTY_IDENTITY_URL ?? usualAddress);
  const required = (name: 'PAGERDUTY_CLIENT_ID' | 'PAGERDUTY_CLIENT_SECRET' | 'PAGERDUTY_SUBDOMAIN') => {
    const value = settings[name];
    if (!value) throw notConnected('PagerDuty', name, connection);
    return value;
  };
  const library = () => import('openid-client');

  async function app(): Promise<Configuration> {
    const oidc = await library();
    const server = {
      // https://developer.pagerduty.com/docs/pagerduty-openid-token
      issuer: `${base}/global/oauth/anonymous`,
      authorization_endpoint: `${base}/oauth/authorize`,
      token_endpoint: `${base}/oauth/token`,
    };
    const secret = oidc.ClientSecretPost(required('PAGERDUTY_CLIENT_SECRET'));
    const config = new oidc.Configuration(server, required('PAGERDUTY_CLIENT_ID'), undefined, secret);
    // The setting takes plain http:// on this machine alone.
    if (base.startsWith('http:')) oidc.allowInsecureRequests(config);
    config[oidc.customFetch] = (url, options) => send(url, options, env);
    return config;
  }

  return {
    async forApp() {
      const place = `${settings.PAGERDUTY_REGION ?? 'us'}.${required('PAGERDUTY_SUBDOMAIN')}`;
      const config = await app();
      const oidc = await library();
      const scope = [`as_account-${place}`, ...wantedScopes].join(' ');
      const noToken = `the app gets no token for the account ${place}: see whether PAGERDUTY_SUBDOMAIN and PAGERDUTY_REGION are those of the account that registered it`;
      return grantedIn(await orFailure(oidc.clientCredentialsGrant(config, { scope }), noToken));
    },

    async begin(redirectUri) {
      const config = await app();
      const oidc = await library();
      const state = oidc.randomState();
      const verifier = oidc.randomPKCECodeVerifier();
      const address = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: wantedScopes.join(' '),
        state,
        // PagerDuty asks it of every app with scopes.
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      return { address: address.href, state, verifier };
    },

    async finish({ redirectUri, search, state, verifier }) {
      const config = await app();
      const oidc = await library();
      const current = new URL(redirectUri);
      current.search = search;
      const checks = { expectedState: state, pkceCodeVerifier: verifier };
      const asked = oidc.authorizationCodeGrant(config, current, checks);
      return grantedIn(await orFailure(asked, 'the user has not consented, or the time was over'));
    },

    async refresh(token) {
      const config = await app();
      const oidc = await library();
      const answer = await orFailure(oidc.refreshTokenGrant(config, token), consentIsOver);
      return { ...grantedIn(answer), refreshToken: answer.refresh_token ?? token };
    },
  };
}

/** What to do where PagerDuty takes a user’s consent no more. */
export const consentIsOver =
  'the user’s consent is over or was withdrawn: give it anew (baton setup pagerduty --oauth, with the name of the connection)';

function grantedIn({
  access_token,
  refresh_token,
  expires_in = 0,
  scope = '',
}: TokenEndpointResponse): Granted {
  return {
    accessToken: access_token,
    refreshToken: refresh_token,
    endsAt: Date.now() + expires_in * 1000,
    scopes: scope.split(' ').filter((each) => each !== '' && !each.startsWith('as_account-')),
  };
}

/** Nobody has told how long to wait: what is out of order mostly is so for some seconds. */
const usualWaitSeconds = 5;
const limitSeconds = 30;

/** One request of the library, by the way and with the bounds of all our requests. What says nothing about our credentials is thrown. */
async function send(url: string, { method, headers, body }: CustomFetchOptions, env: NodeJS.ProcessEnv) {
  const { signal } = new AbortController();
  const request = { method: method as 'GET' | 'POST', url, headers, body: String(body ?? ''), signal };
  const answer = await sendHttp({ ...request, way: wayTo(url, env) }).catch((error: unknown) => {
    if (!(error instanceof NoAnswer)) throw error;
    throw notYet('PagerDuty', `its identity service is unavailable: ${error.message}`, usualWaitSeconds);
  });
  const { status, text } = answer;
  const wait = retryAfterSeconds(answer.headers);
  if (status === 429)
    throw limited('PagerDuty', 'its identity service limits the rate', wait ?? limitSeconds);
  if (status === 408 || status >= 500)
    throw notYet('PagerDuty', `its identity service is unavailable (${status})`, wait ?? usualWaitSeconds);
  // No text at all: a status such as 204 may have none.
  return new Response(text || null, {
    status,
    headers: { 'content-type': answer.headers['content-type'] ?? 'application/octet-stream' },
  });
}

/** What PagerDuty says of the client, and not of what it asks for. https://datatracker.ietf.org/doc/html/rfc6749#section-5.2 */
const aboutClient = ['invalid_client', 'unauthorized_client'];

/** The answer, or the failure that it means. `refusal`: what it is where PagerDuty says no, and what to do. */
async function orFailure(
  asked: Promise<TokenEndpointResponse>,
  refusal: string,
): Promise<TokenEndpointResponse> {
  try {
    return await asked;
  } catch (error) {
    const { cause, error: word, status } = error as { cause?: unknown; error?: unknown; status?: unknown };
    if (cause instanceof ApplicationFailure) throw cause;
    // The browser has brought a no.
    if (cause instanceof URLSearchParams) throw refused('PagerDuty', `${refusal}${wordOf(word)}`);
    if (typeof status !== 'number') throw isAnswer(cause) ? notReadable() : error;
    // Its word for it alone: the description may repeat what we have sent.
    const said = wordOf(word);
    if ((status === 401 && word !== 'invalid_grant') || aboutClient.includes(String(word)))
      throw refused(
        'PagerDuty',
        `it does not take PAGERDUTY_CLIENT_SECRET as that of the app PAGERDUTY_CLIENT_ID${said}: copy both again from the app (Integrations, App Registration)`,
        401,
      );
    throw refused('PagerDuty', `${refusal}${said}`, word === 'invalid_grant' ? 401 : status);
  }
}

const notReadable = () =>
  unreadable(
    'PagerDuty',
    'what its identity service says cannot be read: see whether a proxy answers',
    'none',
  );

const wordOf = (word: unknown) => (typeof word === 'string' ? ` (${word.slice(0, 60)})` : '');

const isAnswer = (cause: unknown) => cause instanceof Response || cause instanceof Error;
