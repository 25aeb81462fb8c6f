import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../domain/rights.ts';
import type { OidcSettings } from '../../server/api/identity.ts';
import { localPath } from '../../server/api/sign-in.ts';
import { embeddedWorld, entry } from '../store/world.ts';
import { type Browser, newBrowser } from './browser.ts';
import { ask, bearer, newToken, openDoor, sendJson } from './door.ts';
import {
  clientId,
  clientSecret,
  type Known,
  type RunningProvider,
  startIdentityProvider,
} from './identity-provider.ts';

const world = await embeddedWorld();
afterAll(() => world.close());
const store = world.newStore();
const forgetFailures = () => world.run('delete from failed_sign_ins');
beforeEach(forgetFailures);

const roles = new Map<string, Role>([
  ['sre', 'operator'],
  ['oncall', 'responder'],
]);

const settingsFor = (issuer: string): OidcSettings => ({
  issuer,
  clientId,
  clientSecret,
  scopes: 'openid email groups',
  groupsClaim: 'groups',
  roles,
});

/** Baton, and a real provider that knows it. */
async function open(changes: Partial<OidcSettings> = {}) {
  let provider: Promise<RunningProvider> | undefined;
  const door = await openDoor(store, {
    oidc: async (here) => {
      provider = startIdentityProvider(`${here}/sign-in/callback`);
      return { ...settingsFor((await provider).issuer), ...changes };
    },
  });
  if (!provider) throw new Error('There is no provider');
  return { ...door, provider: await provider };
}

let count = 0;
const somebody = (known: Known = {}): Known & { email: string } => {
  count += 1;
  return { email: `ada${count}@example.com`, email_verified: true, groups: ['sre'], ...known };
};

const callback = (url: string) => new URL(url).pathname === '/sign-in/callback';
const cookieOf = (browser: Browser, url: string, name: string) => browser.jar.get(`${url} ${name}`);
const reasons = async () =>
  (await store.readRecord({ limit: 10_000 }))
    .filter(({ action }) => action === 'sign-in.failed')
    .map(({ detail }) => String(detail.reason));

describe('a sign-in', () => {
  it('goes through the provider and back to the page that was asked for, with the role of the highest group', async () => {
    const { url, provider } = await open();
    provider.person = somebody({ groups: ['all', 'oncall', 'sre'] });
    const browser = newBrowser();
    const { url: end } = await browser.follow(
      `${url}/sign-in?to=${encodeURIComponent('/runs/x?y=1')}`,
      (each) => each.startsWith(`${url}/runs`),
    );
    expect(end).toBe(`${url}/runs/x?y=1`);
    const me = await browser.get(`${url}/api/v1/me`);
    expect(me.json).toMatchObject({ kind: 'person', name: provider.person.email, role: 'operator' });
    const session = browser.cookies.find((each) => each.startsWith('baton='));
    expect(session).toMatch(/^baton=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800$/);
    expect(cookieOf(browser, url, 'baton-sign-in')).toBeUndefined();
    const lines = await store.readRecord({ subject: provider.person.email ?? '', limit: 10 });
    expect(lines).toMatchObject([
      {
        action: 'sign-in.succeeded',
        actor: `person:${provider.person.email}`,
        via: 'console',
        detail: { role: 'operator', from: 'groups' },
      },
    ]);
  });

  it('makes a new session each time, and ends the one of before', async () => {
    const { url, provider } = await open();
    provider.person = somebody();
    const browser = newBrowser();
    await browser.follow(`${url}/sign-in`, (each) => each.endsWith('/incidents'));
    const first = cookieOf(browser, url, 'baton');
    await browser.follow(`${url}/sign-in`, (each) => each.endsWith('/incidents'));
    const second = cookieOf(browser, url, 'baton');
    expect(second).not.toBe(first);
    const asked = async (id = '') =>
      (await ask(`${url}/api/v1/me`, { headers: { cookie: `baton=${id}` } })).status;
    expect([await asked(first), await asked(second)]).toEqual([401, 200]);
  });

  it('takes the role that an admin gave where no group has one', async () => {
    const { url, provider } = await open();
    provider.person = somebody({ groups: ['all'] });
    await store.setRole(provider.person.email ?? '', 'approver', entry());
    const browser = newBrowser();
    await browser.follow(`${url}/sign-in`, (each) => each.endsWith('/incidents'));
    expect((await browser.get(`${url}/api/v1/me`)).json).toMatchObject({ role: 'approver' });
  });

  it('ends the other sessions of somebody whose groups have changed, and says the role of before', async () => {
    const { url, provider } = await open();
    provider.person = somebody({ groups: ['sre'] });
    const { email = '' } = provider.person;
    const laptop = newBrowser();
    await laptop.follow(`${url}/sign-in`, (each) => each.endsWith('/incidents'));
    provider.person = { ...provider.person, groups: ['oncall'] };
    const phone = newBrowser();
    await phone.follow(`${url}/sign-in`, (each) => each.endsWith('/incidents'));
    expect((await laptop.get(`${url}/api/v1/me`)).status).toBe(401);
    expect((await phone.get(`${url}/api/v1/me`)).json).toMatchObject({ role: 'responder' });
    expect((await store.readRecord({ subject: email, limit: 10 })).at(-1)?.detail).toMatchObject({
      before: 'operator',
      role: 'responder',
    });
    provider.person = { ...provider.person, groups: [] };
    const { answer } = await newBrowser().follow(`${url}/sign-in`);
    expect(answer?.status).toBe(403);
    expect((await phone.get(`${url}/api/v1/me`)).status).toBe(401);
  });

  it('of somebody without a role is refused, and says what to ask the admin', async () => {
    const { url, provider } = await open();
    provider.person = somebody({ groups: ['all'] });
    const { email } = provider.person;
    const browser = newBrowser();
    const { answer } = await browser.follow(`${url}/sign-in`);
    expect(answer?.status).toBe(403);
    expect(answer?.json.detail).toContain(`baton people set ${email} --role <role>`);
    expect(cookieOf(browser, url, 'baton')).toBeUndefined();
    expect((await store.listPeople({ limit: 200 })).map((each) => each.email)).not.toContain(email);
  });

  it.each([
    { email_verified: false },
    { email_verified: undefined },
    { email: 'no address', email_verified: true },
  ])('without a verified e-mail address is refused: %o', async (known) => {
    const { url, provider } = await open();
    provider.person = { ...somebody(), ...known } as Known;
    const { answer } = await newBrowser().follow(`${url}/sign-in`);
    expect(answer?.status).toBe(403);
    expect(answer?.json.title).toBe('No verified e-mail address');
  });

  /** Up to the answer that the browser is to bring back. */
  async function upToCallback() {
    const door = await open();
    door.provider.person = somebody();
    const browser = newBrowser();
    const { url: back } = await browser.follow(`${door.url}/sign-in`, callback);
    return { ...door, browser, back };
  }
  const changed = (address: string, change: (url: URL) => void) => {
    const url = new URL(address);
    change(url);
    return url.href;
  };
  async function isRefused({ url, browser, back }: { url: string; browser: Browser; back: string }) {
    const answer = await browser.get(back);
    expect(answer.status).toBe(401);
    expect(answer.json.detail).toContain('/sign-in');
    expect(cookieOf(browser, url, 'baton')).toBeUndefined();
    expect(cookieOf(browser, url, 'baton-sign-in')).toBeUndefined();
    expect(answer.text).not.toContain(new URL(back).searchParams.get('code') ?? 'no code');
  }

  it('with another state, issuer or without a code is refused', async () => {
    for (const change of [
      (url: URL) => url.searchParams.set('state', 'another'),
      (url: URL) => url.searchParams.delete('state'),
      (url: URL) => url.searchParams.set('iss', 'https://another.example'),
      (url: URL) => url.searchParams.delete('iss'),
      (url: URL) => url.searchParams.delete('code'),
      (url: URL) => url.searchParams.set('code', 'another'),
    ]) {
      const begun = await upToCallback();
      await isRefused({ ...begun, back: changed(begun.back, change) });
      await forgetFailures();
    }
  });

  it.each(['nonce', 'verifier'])('with another %s than it began with is refused', async (part) => {
    const begun = await upToCallback();
    const key = `${begun.url} baton-sign-in`;
    const flow = JSON.parse(Buffer.from(begun.browser.jar.get(key) ?? '', 'base64url').toString());
    const other = JSON.stringify({ ...flow, [part]: 'x'.repeat(43) });
    begun.browser.jar.set(key, Buffer.from(other).toString('base64url'));
    await isRefused(begun);
  });

  it('whose answer comes a second time, or to another browser, is refused', async () => {
    const { url, browser, back } = await upToCallback();
    const flow = cookieOf(browser, url, 'baton-sign-in') ?? '';
    expect((await browser.get(back)).status).toBe(303);
    await isRefused({ url, back, browser: newBrowser() });
    const again = newBrowser();
    again.jar.set(`${url} baton-sign-in`, flow);
    await isRefused({ url, back, browser: again });
    expect((await reasons()).slice(-2)).toEqual([
      'no sign-in has begun here',
      expect.stringContaining('invalid_grant'),
    ]);
  });

  it('is answered 429 where too many have failed, and a good one still comes in', async () => {
    const { url, browser, back } = await upToCallback();
    const before = (await reasons()).length;
    const statuses = [];
    for (let number = 0; number < 8; number += 1)
      statuses.push((await ask(`${url}/sign-in/callback?code=x&state=y`)).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    expect((await reasons()).length - before).toBe(5);
    expect((await browser.get(back)).status).toBe(303);
  });

  it('is answered 503 in words while the provider is away, before and after it was asked', async () => {
    const { browser, back, provider, log } = await upToCallback();
    await provider.stop();
    for (const address of [
      back,
      `${(await openDoor(store, { oidc: settingsFor(provider.issuer) })).url}/sign-in`,
    ]) {
      const answer = await browser.get(address);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('30');
      expect(answer.json.detail).toContain(provider.issuer);
    }
    expect(log.join('')).toContain('identity provider cannot be asked');
  });

  it('with a client secret that the provider does not take is our fault: 503, and never in the log', async () => {
    const wrongSecret = 'a-wrong-secret-of-this-test';
    const { url, provider, log } = await open({ clientSecret: wrongSecret });
    provider.person = somebody();
    const { answer } = await newBrowser().follow(`${url}/sign-in`);
    expect(answer?.status).toBe(503);
    expect(log.join('')).toContain('OAUTH_WWW_AUTHENTICATE_CHALLENGE');
    expect(log.join('')).not.toContain(wrongSecret);
  });
});

describe('a sign-out', () => {
  it('ends the session, from our own page only', async () => {
    const { url, provider } = await open();
    provider.person = somebody();
    const browser = newBrowser();
    await browser.follow(`${url}/sign-in`, (each) => each.endsWith('/incidents'));
    const id = cookieOf(browser, url, 'baton') ?? '';
    const me = async () => (await ask(`${url}/api/v1/me`, { headers: { cookie: `baton=${id}` } })).status;
    const foreign = await browser.send(
      `${url}/sign-out`,
      sendJson('POST', {}, { 'sec-fetch-site': 'cross-site' }),
    );
    expect(foreign.status).toBe(403);
    expect(await me()).toBe(200);
    const own = await browser.send(
      `${url}/sign-out`,
      sendJson('POST', {}, { 'sec-fetch-site': 'same-origin' }),
    );
    expect(own.status).toBe(204);
    expect(cookieOf(browser, url, 'baton')).toBeUndefined();
    expect(await me()).toBe(401);
    expect(
      (await store.readRecord({ subject: provider.person.email ?? '', limit: 10 })).at(-1),
    ).toMatchObject({
      action: 'sign-in.ended',
    });
  });
});

describe('over https', () => {
  it('cookies are for this host and https alone', async () => {
    const { createAccess } = await import('../../server/api/access.ts');
    const { createLog } = await import('../../log/log.ts');
    const express = (await import('express')).default;
    const { provider } = await open();
    const log = createLog((text) => text, { destination: { write: () => {} } });
    const access = createAccess({
      store,
      publicUrl: 'https://baton.example/',
      oidc: settingsFor(provider.issuer),
      log,
    });
    const app = express().get('/sign-in', access.signIn?.begin ?? (() => {}));
    const server = app.listen(0);
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const answer = await ask(`http://127.0.0.1:${port}/sign-in`);
    server.close();
    server.closeAllConnections();
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-baton-sign-in=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=600$/,
    );
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('redirect_uri')).toBe(
      'https://baton.example/sign-in/callback',
    );
  });
});

describe('the page after a sign-in', () => {
  it.each([
    ['/runs/x?y=1#z', '/runs/x?y=1#z'],
    ['/', '/'],
    ['/a//b', '/a//b'],
  ])('is the path that was asked for: %s', (asked, page) => expect(localPath(asked)).toBe(page));

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/%2e//evil.example',
    '/x/..//evil.example',
    '/./\\evil.example',
    'javascript:alert(1)',
    ' /runs',
    '',
    undefined,
    ['/incidents'],
  ])('is never another host: %j', (asked) => {
    const page = localPath(asked);
    expect(new URL(page, 'https://baton.example').origin).toBe('https://baton.example');
    expect(page).toMatch(/^\/(?![/\\])/);
    if (typeof asked !== 'string' || asked.includes('evil')) expect(page).toBe('/incidents');
  });
});

describe('without settings', () => {
  it('tokens are all there is', async () => {
    const { access, url } = await openDoor(store);
    expect(access.signIn).toBeUndefined();
    expect((await ask(`${url}/api/v1/me`, { headers: bearer((await newToken(store)).text) })).status).toBe(
      200,
    );
  });
});
