import { afterAll, describe, expect, it } from 'vitest';
import { embeddedWorld } from '../store/world.ts';
import { ask, bearer, newSession, newToken, openDoor } from './door.ts';

const world = await embeddedWorld();
afterAll(() => world.close());
const store = world.newStore();

const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** What a page of another origin can make a browser send, with the cookie: a form, a fetch, a beacon. */
const foreign: Record<string, Record<string, string>> = {
  'a form': { ...form, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
  'a form of a neighbour': { ...form, 'sec-fetch-site': 'same-site', origin: 'http://other.localhost' },
  'a form of an old browser': { ...form, origin: 'https://evil.example' },
  'a form without a word on where it is from': form,
  'JSON as plain text': {
    'content-type': 'text/plain',
    'sec-fetch-site': 'cross-site',
    origin: 'https://evil.example',
  },
  'JSON as plain text of an old browser': { 'content-type': 'text/plain', origin: 'null' },
  'a fetch': { ...json, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
  'a fetch of an old browser': { ...json, origin: 'https://evil.example' },
  'a fetch from a sandboxed frame': { ...json, origin: 'null' },
  'a fetch from our host and another port': { ...json, origin: 'http://127.0.0.1:1' },
  'a fetch without a word on where it is from': json,
  'a page that was opened by hand': { ...json, 'sec-fetch-site': 'none' },
  'what says to be of another site and of our origin': {
    ...json,
    'sec-fetch-site': 'cross-site',
    origin: 'own',
  },
  'our own origin, as a form': { ...form, 'sec-fetch-site': 'same-origin' },
  'our own origin, as plain text': { 'content-type': 'text/plain', 'sec-fetch-site': 'same-origin' },
};

describe('a request that carries a session', () => {
  it.each(Object.entries(foreign))('has no effect as %s', async (_, headers) => {
    const { url } = await openDoor(store);
    const { id } = await newSession(store, 'admin');
    const victim = await newToken(store, { role: 'viewer' });
    const sent = {
      cookie: `baton=${id}`,
      ...headers,
      ...(headers.origin === 'own' ? { origin: url } : {}),
    };
    const everything = async () =>
      JSON.stringify([await store.listTokens({ limit: 200 }), await store.listPeople({ limit: 200 })]);
    const before = await everything();
    const body = JSON.stringify({ name: 'stolen', role: 'admin' });
    for (const [method, path] of [
      ['POST', '/tokens'],
      ['PUT', '/people/evil@example.com'],
      ['DELETE', `/tokens/${victim.id}`],
      ['DELETE', `/people/evil@example.com`],
    ] as const) {
      const answer = await ask(`${url}/api/v1${path}`, { method, headers: sent, body });
      expect([403, 415]).toContain(answer.status);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect(await everything()).toBe(before);
  });

  it('has its effect from our own page, also in a browser that says its origin only', async () => {
    const { url } = await openDoor(store);
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: url }] as Record<
      string,
      string
    >[]) {
      const { id } = await newSession(store, 'admin');
      const { id: victim } = await newToken(store, { role: 'viewer' });
      const sent = { cookie: `baton=${id}`, ...headers };
      const revoked = await ask(`${url}/api/v1/tokens/${victim}`, { method: 'DELETE', headers: sent });
      expect(revoked.json).toMatchObject({ state: 'revoked' });
      const set = await ask(`${url}/api/v1/people/ben@example.com`, {
        method: 'PUT',
        headers: { ...sent, ...json },
        body: '{"role":"viewer"}',
      });
      expect(set.status).toBe(200);
    }
  });

  it('counts as none where somebody has put a second cookie beside it', async () => {
    const { url } = await openDoor(store);
    const { id } = await newSession(store, 'admin');
    const asked = async (cookie: string) => (await ask(`${url}/api/v1/me`, { headers: { cookie } })).status;
    expect(await asked(`other=1; baton=${id}`)).toBe(200);
    expect(await asked(`baton=of-somebody-else; baton=${id}`)).toBe(401);
    expect(await asked(`baton=${id}; baton=of-somebody-else`)).toBe(401);
  });
});

describe('a request with a token', () => {
  it('may come from anywhere: no browser adds it by itself', async () => {
    const { url } = await openDoor(store);
    const headers = {
      ...bearer((await newToken(store)).text),
      ...json,
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
    };
    const set = await ask(`${url}/api/v1/people/eve@example.com`, {
      method: 'PUT',
      headers,
      body: '{"role":"viewer"}',
    });
    expect(set.status).toBe(200);
  });
});
