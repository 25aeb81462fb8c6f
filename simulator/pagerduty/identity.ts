import { createHash, randomUUID } from 'node:crypto';
import type { Express, Request, Response } from 'express';
import { queryOf } from './page.ts';
import type { Grant, OAuthApp, PagerDutyWorld } from './world.ts';

const seconds = { access: 86_400, refresh: 30 * 86_400, code: 30 };

/**
 * The identity service, under `/identity`: apps get tokens there, as themselves or as a user who consents. Scopes that an app was not given
 * are left out, without a word; a refresh token is good for one use. https://developer.pagerduty.com/docs/oauth-functionality
 */
export function mountIdentity(app: Express, world: PagerDutyWorld): void {
  app.get('/identity/oauth/authorize', (request, response) => {
    const query = queryOf(request);
    const client = world.apps?.find(({ clientId }) => clientId === query.get('client_id'));
    const redirectUri = query.get('redirect_uri') ?? '';
    if (!client || client.redirectUris?.includes(redirectUri) === false)
      return void response.status(400).send('The app, or where it sends people, is not known');
    const back = new URL(redirectUri);
    back.searchParams.set('state', query.get('state') ?? '');
    const challenge = query.get('code_challenge');
    const { consenting = 'PADALOP' } = world;
    if (consenting === null || challenge === null || query.get('code_challenge_method') !== 'S256')
      back.searchParams.set('error', consenting === null ? 'access_denied' : 'invalid_request');
    else {
      const scopes = scopesIn(query).filter((scope) => client.scopes.includes(scope));
      const code = give('code', client, { scopes, userId: consenting, challenge, redirectUri });
      back.searchParams.set('code', code.token);
    }
    response.redirect(302, back.href);
  });

  app.post('/identity/oauth/token', (request, response) => {
    const form = new URLSearchParams(Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '');
    const client = world.apps?.find(({ clientId }) => clientId === form.get('client_id'));
    if (!client || client.clientSecret !== form.get('client_secret'))
      return deny(response, 401, 'invalid_client');
    switch (form.get('grant_type')) {
      case 'client_credentials': {
        const asked = scopesIn(form);
        const place = asked.find((scope) => scope.startsWith('as_account-'));
        if (!place?.endsWith(`.${world.subdomain}`)) return deny(response, 400, 'invalid_scope');
        const scopes = asked.filter((scope) => client.scopes.includes(scope));
        return void response.json(told(client, give('access', client, { scopes }), [place]));
      }
      case 'authorization_code': {
        const code = use('code', form.get('code'), client);
        const verifier = createHash('sha256').update(form.get('code_verifier') ?? '');
        const isSame =
          code?.redirectUri === form.get('redirect_uri') && code?.challenge === verifier.digest('base64url');
        if (!code || !isSame) return deny(response, 400, 'invalid_grant');
        const { userId = '' } = code;
        const issuer = `http://${request.headers.host}/identity/global/oauth/anonymous`;
        return void response.json({ ...asUser(client, code), id_token: idToken(issuer, client, userId) });
      }
      case 'refresh_token': {
        const token = use('refresh', form.get('refresh_token'), client);
        return token ? void response.json(asUser(client, token)) : deny(response, 400, 'invalid_grant');
      }
      default:
        return deny(response, 400, 'unsupported_grant_type');
    }
  });

  function give(kind: Grant['kind'], client: OAuthApp, more: Pick<Grant, 'scopes'> & Partial<Grant>): Grant {
    const life = kind === 'access' ? (client.tokenSeconds ?? seconds.access) : seconds[kind];
    const token = `pdus+_${kind === 'access' ? 0 : 1}XBPWQQ_${randomUUID()}`;
    const { clientId } = client;
    const grant: Grant = { ...more, kind, token, clientId, endsAt: Date.now() + life * 1000 };
    world.grants = [...(world.grants ?? []), grant];
    return grant;
  }

  /** Nothing where it does not count, or has been used. */
  function use(kind: Grant['kind'], token: string | null, { clientId }: OAuthApp): Grant | undefined {
    const found = world.grants?.find((each) => each.kind === kind && each.token === token);
    world.grants = world.grants?.filter((each) => each !== found) ?? [];
    return found?.clientId === clientId && found.endsAt > Date.now() ? found : undefined;
  }

  function asUser(client: OAuthApp, { scopes, userId = '' }: Grant) {
    const access = give('access', client, { scopes, userId });
    const refresh = give('refresh', client, { scopes, userId });
    return { ...told(client, access, ['openid']), refresh_token: refresh.token };
  }
}

const told = ({ tokenSeconds = seconds.access }: OAuthApp, { token, scopes }: Grant, more: string[]) => ({
  access_token: token,
  scope: [...more, ...scopes].join(' '),
  token_type: 'bearer',
  expires_in: tokenSeconds,
});

/** As PagerDuty’s, but for the signature. https://developer.pagerduty.com/docs/pagerduty-openid-token */
function idToken(issuer: string, { clientId }: OAuthApp, userId: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: ['https://api.pagerduty.com', clientId],
    azp: clientId,
    sub: userId,
    user_id: userId,
    iat: now,
    exp: now + 3_600,
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', kid: '1' })}.${part(claims)}.c2ltdWxhdGVk`;
}

const scopesIn = (form: URLSearchParams) => (form.get('scope') ?? '').split(' ').filter(Boolean);

/** https://datatracker.ietf.org/doc/html/rfc6749#section-5.2 */
const deny = (response: Response, status: number, error: string) =>
  void response.status(status).json({ error, error_description: `Simulated: ${error}` });

/** Whose the token of a request is, and what it may do: undefined scopes are all of them. Undefined: the token does not count. */
export function rightsOf(
  request: Request,
  world: PagerDutyWorld,
): { userId?: string | undefined; scopes: readonly string[] | undefined } | undefined {
  const [, kind, token] = /^(Token token=|Bearer )(.+)$/.exec(request.headers.authorization ?? '') ?? [];
  if (kind !== 'Bearer ')
    return token === world.token ? { userId: world.tokenOf, scopes: world.scopes } : undefined;
  const grant = world.grants?.find((each) => each.kind === 'access' && each.token === token);
  return grant && grant.endsAt > Date.now() ? grant : undefined;
}
