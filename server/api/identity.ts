import type { Configuration, CustomFetchOptions, IDToken, UserInfoResponse } from 'openid-client';
import { fetch } from 'undici';
import type { Role } from '../../domain/rights.ts';
import { isPrivate } from '../address.ts';
import type { WayTo } from '../slack/respond.ts';

/** An OpenID provider that vouches for people, and what their groups there may do here. */
export interface OidcSettings {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Of an authorization request, with spaces between. */
  scopes: string;
  /** The claim that lists groups. */
  groupsClaim: string;
  roles: ReadonlyMap<string, Role>;
}

/** What ties an answer of the provider to the browser that asked. It is kept there, in a cookie. */
export interface Flow {
  state: string;
  nonce: string;
  verifier: string;
}

/** Whom the provider vouches for. */
export interface Identity {
  /** Theirs at the provider, for ever. */
  subject: string;
  /** In small letters. */
  email: string | undefined;
  emailVerified: boolean;
  groups: readonly string[];
}

export interface IdentityProvider {
  /** Where the browser is to go. Throws `ProviderAway`. */
  begin(redirectUri: string): Promise<{ url: string; flow: Flow }>;
  /** Takes the answer that the browser brought to `redirectUri`. Throws `ProviderAway`, `NotVouched`. */
  finish(redirectUri: string, search: string, flow: Flow): Promise<Identity>;
}

/** The provider cannot be asked: it is down, or our settings are not what it knows. */
export class ProviderAway extends Error {}
/** The answer does not prove who it is. The message says why, without anything secret. */
export class NotVouched extends Error {}

const answerSeconds = 10;

/**
 * Authorization code with PKCE, state and nonce; issuer and signature checked (OpenID Connect Core 1.0,
 * https://openid.net/specs/openid-connect-core-1_0.html). The library is loaded with the first sign-in.
 */
export function identityProvider(settings: OidcSettings, wayTo?: WayTo): IdentityProvider {
  let known: Promise<Configuration> | undefined;
  const library = () => import('openid-client');

  async function discover(): Promise<Configuration> {
    const oidc = await library();
    const issuer = new URL(settings.issuer);
    const plain = issuer.protocol === 'http:' && isPrivate(issuer) ? [oidc.allowInsecureRequests] : [];
    const throughProxy = async (url: string, options: CustomFetchOptions) => {
      const dispatcher = await wayTo?.(url);
      const { body, ...rest } = options;
      const answer = await fetch(url, {
        ...rest,
        ...(body === undefined ? {} : { body: body as string | URLSearchParams | Uint8Array }),
        ...(dispatcher ? { dispatcher } : {}),
      } as Parameters<typeof fetch>[1]);
      return answer as unknown as Response;
    };
    return oidc.discovery(
      issuer,
      settings.clientId,
      undefined,
      oidc.ClientSecretBasic(settings.clientSecret),
      {
        execute: [...plain, oidc.enableNonRepudiationChecks],
        timeout: answerSeconds,
        [oidc.customFetch]: throughProxy,
      },
    );
  }

  /** Asked once; again after a failure. */
  async function configuration(): Promise<Configuration> {
    known ??= discover();
    try {
      return await known;
    } catch (error) {
      known = undefined;
      throw new ProviderAway(`discovery failed: ${reasonOf(error)}`);
    }
  }

  return {
    async begin(redirectUri) {
      const oidc = await library();
      const config = await configuration();
      const flow = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
      };
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: settings.scopes,
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, flow };
    },

    async finish(redirectUri, search, { state, nonce, verifier }) {
      const oidc = await library();
      const config = await configuration();
      const current = new URL(redirectUri);
      current.search = search;
      try {
        const tokens = await oidc.authorizationCodeGrant(config, current, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) throw new NotVouched('there was no ID token');
        // Many providers put address and groups only where they are asked for by the access token.
        const isWhole = 'email' in claims && 'email_verified' in claims && settings.groupsClaim in claims;
        const asks = !isWhole && config.serverMetadata().userinfo_endpoint !== undefined;
        const more = asks ? await oidc.fetchUserInfo(config, tokens.access_token, claims.sub) : undefined;
        return identityOf(claims, more, settings.groupsClaim);
      } catch (error) {
        throw error instanceof NotVouched ? error : failureOf(error);
      }
    },
  };
}

/**
 * Who it is, by the ID token and what the provider tells besides. An address and that it is verified come from one and the same of the two:
 * else one could vouch for what only the other says.
 */
export function identityOf(
  claims: IDToken,
  more: Partial<UserInfoResponse> | undefined,
  groupsClaim: string,
): Identity {
  const { email, email_verified } =
    [claims, more].find((each) => each?.email !== undefined && each.email_verified !== undefined) ?? claims;
  const groups = claims[groupsClaim] ?? more?.[groupsClaim];
  const list = Array.isArray(groups) ? groups : [groups];
  return {
    subject: claims.sub,
    email: typeof email === 'string' ? email.toLowerCase() : undefined,
    emailVerified: email_verified === true,
    groups: list.filter((group) => typeof group === 'string'),
  };
}

/** What a provider says of us, and not of who signs in. The challenge is for our client secret. */
const ofOurs: readonly unknown[] = [
  'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
  'invalid_client',
  'unauthorized_client',
  'server_error',
  'temporarily_unavailable',
];

function failureOf(error: unknown): Error {
  const { error: word, status, cause, code } = error as Record<string, unknown>;
  const answered = cause instanceof Response ? cause.status : typeof status === 'number' ? status : 0;
  const isAway =
    code === undefined ||
    code === 'OAUTH_TIMEOUT' ||
    code === 'OAUTH_ABORT' ||
    answered >= 500 ||
    [word, code].some((each) => ofOurs.includes(each));
  return isAway ? new ProviderAway(reasonOf(error)) : new NotVouched(reasonOf(error));
}

/** A code or the library's own words. What the provider wrote is left out, but for its word for the error. */
function reasonOf(error: unknown): string {
  const { error: word, code, message, cause } = error as Record<string, unknown>;
  const below = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  const said = typeof word === 'string' ? `: ${word.slice(0, 60)}` : '';
  return `${String(message)}${code === undefined ? '' : ` [${String(code)}]`}${below}${said}`;
}
