import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Principal, Scope } from '../../domain/rights.ts';
import { isSameHash, readToken, secretHash } from '../../secrets/token.ts';
import type { Store } from '../../store/store.ts';
import { peerOf } from '../peers.ts';
import { Refusal } from '../refusal.ts';
import { type CookieKind, readCookie } from './cookies.ts';
import type { FailureGate } from './failed-sign-ins.ts';
import { checkSameOrigin } from './same-origin.ts';

/** Of the session; `__Host-baton` over https. */
export const sessionCookie = 'baton';

/** Who a request comes from. Throws the `Refusal` to answer with where that is not certain. */
export type Authenticate = (request: IncomingMessage) => Promise<Principal>;

export interface AuthenticateOptions {
  store: Pick<Store, 'checkToken' | 'noteTokenUse' | 'findSession' | 'noteSessionUse'>;
  gate: FailureGate;
  cookies: CookieKind;
  /** Ours, as people reach it. */
  origin: string;
  log: Logger;
}

/** The same words for all that is wrong with a credential: whoever tries some learns nothing. The record tells them apart. */
const unauthorized = () =>
  new Refusal(
    401,
    'Not signed in',
    'No valid token came with this request. Send one as Authorization: Bearer baton_…; an admin makes it: baton tokens create',
    undefined,
    { 'WWW-Authenticate': 'Bearer' },
  );

/** By a bearer token, else by the cookie of a session; with both, by the token alone. */
export function createAuthenticate({ store, gate, cookies, origin, log }: AuthenticateOptions): Authenticate {
  const noted = offTheWay(log);

  async function byToken(request: IncomingMessage, text: string): Promise<Principal> {
    const given = readToken(text);
    if (!given) return gate.fail({ request, via: 'api', account: undefined }, 'malformed', unauthorized());
    const token = await store.checkToken(given.id, peerOf(request.socket));
    if (!token) return gate.fail({ request, via: 'api', account: undefined }, 'unknown', unauthorized());
    gate.check(token.failures);
    const reason = !isSameHash(given.hash, token.hash)
      ? 'wrong secret'
      : token.state === 'live'
        ? undefined
        : token.state;
    if (reason) return gate.fail({ request, via: 'api', account: given.id }, reason, unauthorized());
    if (token.useIsOld) noted(`token ${given.id}`, () => store.noteTokenUse(given.id));
    const { name, role, owner } = token;
    return {
      kind: 'token',
      name,
      role,
      ...limitsOf(token),
      ...(owner === undefined ? {} : { alsoKnownAs: [`person:${owner}`] }),
    };
  }

  async function bySession(request: IncomingMessage, id: string): Promise<Principal> {
    checkSameOrigin(request, origin);
    const hash = secretHash(id);
    const session = await store.findSession(hash);
    // Not counted: a browser sends an old cookie by itself, and there is nothing to guess in 256 random bits.
    if (!session) throw unauthorized();
    if (session.useIsOld) noted(`session ${hash}`, () => store.noteSessionUse(hash));
    return { kind: 'person', name: session.email, role: session.role, ...limitsOf(session) };
  }

  return async (request) => {
    const { authorization } = request.headers;
    if (authorization !== undefined)
      return byToken(request, /^bearer +(\S+)$/i.exec(authorization)?.[1] ?? '');
    const id = readCookie(request, sessionCookie, cookies);
    if (id === undefined) throw unauthorized();
    return bySession(request, id);
  };
}

const limitsOf = ({ scope }: { scope: Scope }) => (Object.keys(scope).length > 0 ? { scope } : {});

/** Writes that no request waits for, one of each kind at a time. One that fails is made again with a later request. */
function offTheWay(log: Logger): (key: string, write: () => Promise<void>) => void {
  const underWay = new Set<string>();
  return (key, write) => {
    if (underWay.has(key)) return;
    underWay.add(key);
    void write()
      .catch((error: unknown) => log.warn({ err: error }, 'The last use could not be noted'))
      .finally(() => underWay.delete(key));
  };
}
