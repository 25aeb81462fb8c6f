import type { Logger } from 'pino';
import type { Store } from '../../store/store.ts';
import type { WayTo } from '../slack/respond.ts';
import { type Authenticate, createAuthenticate } from './authenticate.ts';
import { type BrowserRoutes, browserRoutes } from './browser.ts';
import { createFailureGate } from './failed-sign-ins.ts';
import { identityProvider, type OidcSettings } from './identity.ts';
import { type SignInRoutes, signInRoutes } from './sign-in.ts';

export interface AccessOptions {
  store: Pick<
    Store,
    | 'checkToken'
    | 'noteTokenUse'
    | 'findSession'
    | 'noteSessionUse'
    | 'failedSignIns'
    | 'noteFailedSignIn'
    | 'signIn'
    | 'endSession'
    | 'useSignInLink'
    | 'append'
  >;
  /** Where people reach Baton. */
  publicUrl: string;
  /** Undefined: no identity provider vouches for people. */
  oidc: OidcSettings | undefined;
  /** How the identity provider is reached; undefined: straight. */
  wayTo?: WayTo | undefined;
  log: Logger;
}

export interface Access {
  authenticate: Authenticate;
  /** Undefined: no identity provider vouches for people. */
  signIn: SignInRoutes | undefined;
  browser: BrowserRoutes;
}

/** How this server knows who asks: by tokens, and by the sessions of people who have signed in. Both count failures together. */
export function createAccess({ store, publicUrl, oidc, wayTo, log }: AccessOptions): Access {
  const gate = createFailureGate({ store, log });
  const url = new URL(publicUrl);
  const cookies = { secure: url.protocol === 'https:' };
  const { origin } = url;
  return {
    authenticate: createAuthenticate({ store, gate, cookies, origin, log }),
    browser: browserRoutes({ store, gate, cookies, origin, hasProvider: oidc !== undefined }),
    signIn:
      oidc &&
      signInRoutes({
        store,
        provider: identityProvider(oidc, wayTo),
        settings: oidc,
        gate,
        cookies,
        publicUrl: url.href.replace(/\/$/, ''),
        log,
      }),
  };
}
