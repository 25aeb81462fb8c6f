import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Action, Details, Entry } from '../../domain/record.ts';
import { highestOf } from '../../domain/rights.ts';
import { secretHash } from '../../secrets/token.ts';
import { longestDays } from '../../store/people/sessions.ts';
import type { Store } from '../../store/store.ts';
import { Refusal } from '../refusal.ts';
import { sessionCookie } from './authenticate.ts';
import { type CookieKind, clearCookie, readCookie, setCookie } from './cookies.ts';
import type { FailureGate } from './failed-sign-ins.ts';
import {
  type Flow,
  type Identity,
  type IdentityProvider,
  NotVouched,
  type OidcSettings,
  ProviderAway,
} from './identity.ts';

export interface SignInOptions {
  store: Pick<Store, 'signIn' | 'endSession' | 'append'>;
  provider: IdentityProvider;
  settings: Pick<OidcSettings, 'issuer' | 'roles' | 'groupsClaim'>;
  gate: FailureGate;
  cookies: CookieKind;
  /** Where people reach Baton, without a slash at its end. */
  publicUrl: string;
  log: Logger;
}

/** Beside the session's: what a sign-in that has begun must find again. */
const flowCookie = 'baton-sign-in';
const flowSeconds = 600;
const flowSchema = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), to: z.string() });
/** What there is for people to see. */
const usualPage = '/incidents';

type Handler = (request: Request, response: Response) => Promise<void>;

export interface SignInRoutes {
  /** `GET /sign-in`: to the identity provider, and back to the path in `to`. */
  begin: Handler;
  /** `GET /sign-in/callback`. */
  finish: Handler;
}

/** How people sign in by a browser, through an OpenID provider. Each sign-in makes a session of its own. */
export function signInRoutes(options: SignInOptions): SignInRoutes {
  const { store, provider, settings, gate, cookies, log } = options;
  const redirectUri = `${options.publicUrl}/sign-in/callback`;
  const { origin } = new URL(options.publicUrl);

  const orAway = <Value>(asked: Promise<Value>): Promise<Value> =>
    asked.catch((error: unknown) => {
      if (!(error instanceof ProviderAway)) throw error;
      log.error({ issuer: settings.issuer, reason: error.message }, 'The identity provider cannot be asked');
      throw new Refusal(
        503,
        'Identity provider unavailable',
        `${settings.issuer} cannot be asked who you are. Try again in a minute; if it stays so, an admin looks in the log and compares BATON_OIDC_… with the provider. Tokens work meanwhile.`,
        30,
      );
    });

  async function begin(request: Request, response: Response): Promise<void> {
    const { url, flow } = await orAway(provider.begin(redirectUri));
    const kept = JSON.stringify({ ...flow, to: localPath(request.query.to) });
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader(
      'Set-Cookie',
      setCookie(flowCookie, Buffer.from(kept).toString('base64url'), cookies, flowSeconds),
    );
    response.redirect(303, url);
  }

  async function finish(request: Request, response: Response): Promise<void> {
    response.setHeader('Cache-Control', 'no-store');
    // The address holds the code.
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Set-Cookie', clearCookie(flowCookie, cookies));
    const flow = readFlow(readCookie(request, flowCookie, cookies));
    if (!flow)
      return gate.fail(
        attempt(request),
        'no sign-in has begun here',
        notAccepted('It has not begun in this browser, or more than 10 minutes ago.'),
      );
    const identity = await vouchedFor(request, flow);
    const email = await verifiedEmail(request, identity);
    const id = randomBytes(32).toString('base64url');
    const groupRole = highestOf(identity.groups.flatMap((group) => settings.roles.get(group) ?? []));
    const before = readCookie(request, sessionCookie, cookies);
    const signedIn = await store.signIn(secretHash(id), email, groupRole, ({ person, before }) =>
      lineAbout(email, 'sign-in.succeeded', {
        role: person.role,
        from: groupRole === undefined ? 'people' : 'groups',
        subject: identity.subject,
        ...(before ? { before } : {}),
      }),
    );
    if (!signedIn)
      return gate.fail(
        attempt(request, email),
        `no role: in ${identity.groups.length} groups, none of them in BATON_OIDC_ROLES`,
        new Refusal(
          403,
          'No role',
          `You are ${email}, and Baton has no role for you. Ask an admin: to put you into one of the groups that have a role, or for: baton people set ${email} --role <role>`,
        ),
      );
    if (before !== undefined) await store.endSession(secretHash(before));
    response.setHeader('Set-Cookie', [
      clearCookie(flowCookie, cookies),
      setCookie(sessionCookie, id, cookies, longestDays * 24 * 3600),
    ]);
    response.redirect(303, flow.to);
  }

  async function vouchedFor(request: Request, flow: Flow): Promise<Identity> {
    const { search } = new URL(request.url, origin);
    try {
      return await orAway(provider.finish(redirectUri, search, flow));
    } catch (error) {
      if (!(error instanceof NotVouched)) throw error;
      return gate.fail(
        attempt(request),
        error.message,
        notAccepted('The identity provider’s answer does not prove who you are.'),
      );
    }
  }

  async function verifiedEmail(request: Request, { email, emailVerified }: Identity): Promise<string> {
    if (email !== undefined && emailVerified && isEmail(email)) return email;
    return gate.fail(
      attempt(request),
      'no verified e-mail address',
      new Refusal(
        403,
        'No verified e-mail address',
        'The identity provider does not say that your e-mail address is verified (claims email and email_verified), and Baton knows people by it. Verify it there, or ask its admin, then sign in again.',
      ),
    );
  }

  return { begin, finish };
}

export const lineAbout = <Name extends Action & `sign-in.${string}`>(
  email: string,
  action: Name,
  detail: Details[Name],
): Entry =>
  ({
    at: new Date().toISOString(),
    actor: `person:${email}`,
    via: 'console',
    action,
    subject: email,
    detail,
  }) as Entry;

const attempt = (request: Request, account?: string) => ({ request, via: 'console' as const, account });

const notAccepted = (why: string) =>
  new Refusal(401, 'Sign-in not accepted', `${why} Begin again: /sign-in`, undefined, {
    'WWW-Authenticate': 'Bearer',
  });

const isEmail = (text: string) => z.email().max(254).safeParse(text).success;

function readFlow(cookie: string | undefined): z.output<typeof flowSchema> | undefined {
  try {
    const text = Buffer.from(cookie ?? '', 'base64url').toString('utf8');
    const { to, ...flow } = flowSchema.parse(JSON.parse(text));
    return { ...flow, to: localPath(to) };
  } catch {
    return undefined;
  }
}

const nowhere = 'http://baton.invalid';

/** Where to go after the sign-in: a path of ours, whatever was asked. Browsers read `//`, `/\` and hidden characters as another host. */
export function localPath(asked: unknown): string {
  if (typeof asked !== 'string' || !asked.startsWith('/')) return usualPage;
  const url = URL.parse(asked, nowhere);
  if (url?.origin !== nowhere || url.pathname.startsWith('//')) return usualPage;
  return `${url.pathname}${url.search}${url.hash}`;
}
