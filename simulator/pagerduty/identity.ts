import { randomUUID } from 'node:crypto';
import type { Express, Request, Response } from 'express';
import type { Grant, OAuthApp, PagerDutyWorld } from './world.ts';

const daySeconds = 86_400;

/**
 * The identity service, under `/identity`: an app gets tokens there. Scopes that the app was not given are left out, without a word.
 * https://developer.pagerduty.com/docs/private-apps
 */
export function mountIdentity(app: Express, world: PagerDutyWorld): void {
  app.post('/identity/oauth/token', (request, response) => {
    const form = new URLSearchParams(Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '');
    const client = world.apps?.find(({ clientId }) => clientId === form.get('client_id'));
    if (!client || client.clientSecret !== form.get('client_secret'))
      return deny(response, 401, 'invalid_client');
    switch (form.get('grant_type')) {
      case 'client_credentials':
        return giveAppToken(response, client, scopesIn(form));
      default:
        return deny(response, 400, 'unsupported_grant_type');
    }
  });

  function giveAppToken(response: Response, client: OAuthApp, asked: readonly string[]) {
    const place = asked.find((scope) => scope.startsWith('as_account-'));
    if (!place?.endsWith(`.${world.subdomain}`)) return deny(response, 400, 'invalid_scope');
    const scopes = asked.filter((scope) => client.scopes.includes(scope));
    response.json(access(client, scopes, [place]));
  }

  function access(client: OAuthApp, scopes: string[], told: readonly string[]) {
    const { clientId, tokenSeconds = daySeconds } = client;
    const token = newToken('_0');
    const grant: Grant = {
      kind: 'access',
      token,
      clientId,
      scopes,
      endsAt: Date.now() + tokenSeconds * 1000,
    };
    world.grants = [...(world.grants ?? []), grant];
    return {
      access_token: token,
      scope: [...told, ...scopes].join(' '),
      token_type: 'bearer',
      expires_in: tokenSeconds,
    };
  }
}

const newToken = (kind: string) => `pdus+${kind}XBPWQQ_${randomUUID()}`;
const scopesIn = (form: URLSearchParams) => (form.get('scope') ?? '').split(' ').filter(Boolean);

/** https://datatracker.ietf.org/doc/html/rfc6749#section-5.2 */
const deny = (response: Response, status: number, error: string) =>
  void response.status(status).json({ error, error_description: `Simulated: ${error}` });

/** What the token of a request may do; undefined scopes are all of them. Undefined: the token does not count. */
export function rightsOf(
  request: Request,
  world: PagerDutyWorld,
): { scopes: readonly string[] | undefined } | undefined {
  const [, kind, token] = /^(Token token=|Bearer )(.+)$/.exec(request.headers.authorization ?? '') ?? [];
  if (kind !== 'Bearer ') return token === world.token ? { scopes: world.scopes } : undefined;
  const grant = world.grants?.find((each) => each.kind === 'access' && each.token === token);
  return grant && grant.endsAt > Date.now() ? { scopes: grant.scopes } : undefined;
}
