import { afterAll, expect, it } from 'vitest';
import { linkMinutes, makeSignInLink } from '../../processes/sign-in-link.ts';
import { embeddedWorld } from '../store/world.ts';
import { type Browser, newBrowser } from './browser.ts';
import { ask, openDoor, sendJson } from './door.ts';

const world = await embeddedWorld();
afterAll(() => world.close());
const store = world.newStore();

const codeIn = (link: string | undefined) => new URL(link ?? 'none:').hash.slice(1);
const post = (browser: Browser, url: string, code: string, site = 'same-origin') =>
  browser.send(`${url}/sign-in/link`, sendJson('POST', { code }, { 'sec-fetch-site': site }));
const cookieOf = (browser: Browser, url: string) => browser.jar.get(`${url} baton`);

it('signs in the user of the machine as an admin, once, from our own page only', async () => {
  const { url } = await openDoor(store);
  const link = await makeSignInLink(store, url);
  const code = codeIn(link);
  // Browsers send nothing of what stands behind the #.
  expect(link).toBe(`${url}/sign-in/link#${code}`);
  const browser = newBrowser();
  expect((await post(browser, url, code, 'cross-site')).status).toBe(403);
  expect((await post(browser, url, code)).status).toBe(200);
  const me = await ask(`${url}/api/v1/me`, { headers: { cookie: `baton=${cookieOf(browser, url)}` } });
  expect(me.json).toMatchObject({ kind: 'person', role: 'admin' });
  expect((await post(newBrowser(), url, code)).status).toBe(401);
  const lines = await store.readRecord({ limit: 100 });
  expect(lines.map(({ action, detail }) => [action, detail.from ?? detail.reason])).toEqual([
    ['sign-in.succeeded', 'link'],
    ['sign-in.failed', 'a link that is unknown, used or too old'],
  ]);
  expect(JSON.stringify(lines)).not.toContain(code);

  await browser.send(`${url}/sign-out`, sendJson('POST', {}, { 'sec-fetch-site': 'same-origin' }));
  expect((await ask(`${url}/api/v1/me`, { headers: { cookie: 'baton=x' } })).status).toBe(401);
});

it('is too old after its minutes, and its session ends as any other does', async () => {
  const { url } = await openDoor(store);
  const late = codeIn(await makeSignInLink(store, url));
  await world.run(`update sign_in_links set expires_at = expires_at - interval '${linkMinutes} minutes'`);
  expect((await post(newBrowser(), url, late)).status).toBe(401);

  const browser = newBrowser();
  expect((await post(browser, url, codeIn(await makeSignInLink(store, url)))).status).toBe(200);
  const headers = { cookie: `baton=${cookieOf(browser, url)}` };
  expect((await ask(`${url}/api/v1/me`, { headers })).status).toBe(200);
  await world.run(`update sessions set used_at = used_at - interval '12 hours'`);
  expect((await ask(`${url}/api/v1/me`, { headers })).status).toBe(401);
});

it('is not made where it could be read on the way', async () => {
  expect(await makeSignInLink(store, 'http://baton.example.com')).toBeUndefined();
  expect(await makeSignInLink(store, 'https://baton.example.com')).toMatch(
    /^https:\/\/baton\.example\.com\/sign-in\/link#/,
  );
});
