import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { onTestFinished } from 'vitest';

export const clientId = 'baton-of-this-test';
export const clientSecret = 'a-client-secret-of-this-test';

/** Somebody as the identity provider knows them. */
export interface Known {
  email?: string;
  email_verified?: boolean;
  groups?: readonly string[];
}

export interface RunningProvider {
  issuer: string;
  /** Who signs in from now on: nobody is asked for a password. */
  person: Known;
  stop(): Promise<void>;
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const scopes = 'openid email groups';

/** Where the provider keeps what it has given out. */
function keeper() {
  const kept = new Map<string, Record<string, unknown>>();
  return class {
    readonly kind: string;
    constructor(kind: string) {
      this.kind = kind;
    }
    async upsert(id: string, payload: Record<string, unknown>) {
      kept.set(`${this.kind} ${id}`, payload);
    }
    async find(id: string) {
      return kept.get(`${this.kind} ${id}`);
    }
    async findByUid(uid: string) {
      return [...kept.values()].find((each) => each.uid === uid);
    }
    async consume(id: string) {
      Object.assign(kept.get(`${this.kind} ${id}`) ?? {}, { consumed: Date.now() });
    }
    async destroy(id: string) {
      kept.delete(`${this.kind} ${id}`);
    }
    async revokeByGrantId(grantId: string) {
      for (const [key, { grantId: own }] of kept) if (own === grantId) kept.delete(key);
    }
  };
}

/** A real OpenID provider, at which one is signed in as `person` without being asked. */
export async function startIdentityProvider(redirectUri: string): Promise<RunningProvider> {
  // It listens before it is made, since it is told its own address.
  const server = createServer((request, response) => {
    if (!request.url?.startsWith('/interaction/')) return answer(request, response);
    const accountId = `account-${people.size + 1}`;
    people.set(accountId, running.person);
    void provider.interactionFinished(request, response, { login: { accountId } });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => close(server));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const running: RunningProvider = { issuer, person: {}, stop: () => close(server) };
  const people = new Map<string, Known>();
  const provider: Provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['a-cookie-key-of-this-test'] },
    features: { devInteractions: { enabled: false } },
    adapter: keeper(),
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
    pkce: { required: () => true },
    scopes: scopes.split(' '),
    claims: { email: ['email', 'email_verified'], groups: ['groups'] },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, ...people.get(accountId) }),
    }),
    async loadExistingGrant({
      oidc,
    }: {
      oidc: { client: { clientId: string }; session: { accountId: string } };
    }) {
      const { accountId } = oidc.session;
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId });
      grant.addOIDCScope(scopes);
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  return running;
}

function close(server: Server): Promise<void> {
  return new Promise((closed) => {
    server.close(() => closed());
    server.closeAllConnections();
  });
}
