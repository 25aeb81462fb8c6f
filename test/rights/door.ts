import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { onTestFinished } from 'vitest';
import type { Role, Scope } from '../../domain/rights.ts';
import { createLog } from '../../log/log.ts';
import { makeToken, secretHash } from '../../secrets/token.ts';
import { type Access, createAccess } from '../../server/api/access.ts';
import { createApi } from '../../server/api/api.ts';
import type { OidcSettings } from '../../server/api/identity.ts';
import { createApp, createHttpServer } from '../../server/app.ts';
import { createMetrics } from '../../server/metrics.ts';
import { operations as allOperations } from '../../server/operations/index.ts';
import type { AnyOperation, World } from '../../server/operations/operation.ts';
import { createInbox } from '../../server/receiving/inbox.ts';
import type { Store } from '../../store/store.ts';
import { worldOn } from '../api/served.ts';
import { entry } from '../store/world.ts';

export interface Door {
  url: string;
  access: Access;
  /** The lines of the log. */
  log: string[];
}

interface DoorOptions {
  oidc?: OidcSettings | ((url: string) => Promise<OidcSettings>);
  operations?: readonly AnyOperation[];
  /** What the operations work on, where it is more than a store. */
  world?: Partial<World>;
}

/** A server over a store, with the operations behind `authenticate`, and the routes by which people sign in. */
export async function openDoor(
  store: Store,
  { oidc, operations = allOperations, world = {} }: DoorOptions = {},
): Promise<Door> {
  // It listens before it is known what it serves, which is told its own address: a port that was only looked for may be another's by then.
  const server = createHttpServer(((request, response) => app(request, response)) as Express);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const lines: string[] = [];
  const log = createLog((text) => text, {
    level: 'trace',
    destination: { write: (line) => lines.push(line) },
  });
  const settings = typeof oidc === 'function' ? await oidc(url) : oidc;
  const access = createAccess({ store, publicUrl: url, oidc: settings, log });
  const { authenticate } = access;
  const app = createApp({
    pagerDutySecrets: [],
    store,
    signIn: access.signIn,
    browser: access.browser,
    inbox: createInbox(store, () => {}),
    takeFromSlack: () => async () => ({}),
    temporalState: () => ({ up: true, since: new Date().toISOString() }),
    log,
    metrics: createMetrics(),
    simulated: [],
    makeApi: (readBody) =>
      createApi({ world: worldOn(store, world), authenticate }, { readBody, log }, operations),
  });
  return { url, access, log: lines };
}

export function routeOf({ route }: AnyOperation) {
  const [method = '', path = ''] = route.split(' ');
  return { method: method.toLowerCase() as 'get' | 'post' | 'put' | 'delete', path };
}

let count = 0;

/** A live token, made in the store itself. */
export async function newToken(
  store: Store,
  { role = 'admin', scope = {}, days = 1 }: { role?: Role; scope?: Scope; days?: number } = {},
): Promise<{ id: string; text: string; name: string }> {
  const { id, hash, text } = makeToken();
  count += 1;
  const name = `token-${process.pid}-${count}`;
  await store.createToken({ id, hash, name, role, scope, days, createdBy: 'baton' }, entry());
  return { id, text, name };
}

/** A session of somebody with this role, as a sign-in makes it: the value of its cookie. */
export async function newSession(
  store: Store,
  role: Role,
  email?: string,
  scope: Scope = {},
): Promise<{ id: string; email: string }> {
  count += 1;
  const id = `session-${process.pid}-${count}-${'x'.repeat(20)}`;
  const whose = email ?? `person-${process.pid}-${count}@example.com`;
  await store.setRole(whose, role, entry(), scope);
  await store.signIn(secretHash(id), whose, undefined, () => entry());
  return { id, email: whose };
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it is written there.
  json: any;
  text: string;
}

export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
}

export const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
export const sendJson = (
  method: string,
  body: unknown,
  headers: Record<string, string> = {},
): RequestInit => ({
  method,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});
