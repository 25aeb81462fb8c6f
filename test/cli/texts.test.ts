import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { incident, openApi } from '../api/served.ts';
import { runBaton } from './command.ts';

const { store, served } = await openApi();
const log = 'it began\n\u001b[2Jit \tdied\n';
const digest = createHash('sha256').update(log).digest('hex');
const noDigest = '0'.repeat(64);
const kept = { digest, title: 'Log of shop/carts-0', bytes: log.length, truncated: true };

let mine = '';
beforeAll(async () => {
  mine = (await incident(store, 'PMINE')).subject;
  await store.keepText(mine, { title: kept.title, text: log, truncated: true });
  await store.keepText(mine, { title: 'Result of readText', text: 'x'.repeat(2_000_000) });
  served.principals.set('of-mine', {
    kind: 'token',
    name: 'm',
    role: 'viewer',
    scope: { services: ['PMINE'] },
  });
  served.principals.set('other', {
    kind: 'token',
    name: 'o',
    role: 'viewer',
    scope: { services: ['POTHER'] },
  });
  served.principals.set('runs', { kind: 'token', name: 'r', role: 'viewer', scope: { workflows: ['x'] } });
});

const path = `/api/v1/texts/${digest}`;
const baton = (words: string, token = 'viewer') =>
  runBaton(words.split(' '), { env: { BATON_API_URL: served.url, BATON_API_TOKEN: token } });

describe('a kept text, over the API', () => {
  it.each(['viewer', 'of-mine'])('is read by whoever may read its incident: %s', async (token) => {
    const { status, json } = await served.ask('GET', path, { token });
    expect(status).toBe(200);
    expect(json).toEqual({ ...kept, subject: mine, keptAt: expect.stringMatching(/Z$/), text: log });
  });

  it.each([
    ['nobody', null, 401],
    ['one who sees other services alone', 'other', 404],
    ['one who sees workflows alone', 'runs', 403],
  ])('is not read by %s, nor listed for them', async (_, token, status) => {
    expect((await served.ask('GET', path, { token })).status).toBe(status);
    expect((await served.ask('GET', `/api/v1/incidents/${mine}/texts`, { token })).status).toBe(status);
  });

  it('is read under the incident that is within the scope, where several have it', async () => {
    const { subject } = await incident(store, 'POTHER');
    expect((await served.ask('GET', path, { token: 'other' })).status).toBe(404);
    await store.keepText(subject, { title: 'The same log', text: log });
    const read = async (token: string) => (await served.ask('GET', path, { token })).json;
    expect(await read('other')).toMatchObject({ subject, title: 'The same log' });
    expect(await read('of-mine')).toMatchObject({ subject: mine, title: kept.title });
  });

  it('is not found where there is none, and refused where it is no digest', async () => {
    expect((await served.ask('GET', `/api/v1/texts/${noDigest}`)).status).toBe(404);
    expect((await served.ask('GET', '/api/v1/texts/x')).status).toBe(400);
    expect((await served.ask('GET', '/api/v1/incidents/QNONE/texts')).status).toBe(404);
  });

  it('stands in the list of its incident, page by page, without the text', async () => {
    const list = `/api/v1/incidents/${mine}/texts?limit=1`;
    const first = (await served.ask('GET', list)).json;
    expect(first.items).toMatchObject([{ title: 'Result of readText', bytes: 2_000_000 }]);
    const { items, next } = (await served.ask('GET', `${list}&cursor=${first.next}`)).json;
    expect(items).toEqual([{ ...kept, subject: mine, keptAt: expect.any(String) }]);
    expect(next).toBeUndefined();
  });
});

describe('a kept text, on the command line', () => {
  it('is listed, and printed alone and safely', async () => {
    const { stdout } = await baton(`incidents texts ${mine}`);
    expect(stdout).toMatch(/^DIGEST +SIZE\n.* 1\.9 MB\n +kept: 20.*Z; title: Result of readText\n/);
    expect(stdout).toMatch(new RegExp(`\n${digest}  1 KB\n +kept: 20.*Z; title: ${kept.title}\n$`));
    const shown = await baton(`texts show ${digest}`, 'of-mine');
    expect(shown.stdout).toBe('it began\nit \tdied\n\n');
    expect(shown.stderr).toMatch(new RegExp(`^${kept.title}, of ${mine}, kept 20.*\nThis is only a part`));
    expect(JSON.parse((await baton(`texts show ${digest} --json`)).stdout)).toMatchObject({ text: log });
  });

  it('is said not to be there, to whoever may not read it too', async () => {
    for (const words of [`texts show ${noDigest}`, 'incidents texts QNONE'])
      expect(await baton(words)).toMatchObject({ exit: 3, stdout: '' });
    const foreign = await incident(store, 'PTHIRD');
    await store.keepText(foreign.subject, { title: 'A log', text: 'of the third' });
    const third = createHash('sha256').update('of the third').digest('hex');
    expect(await baton(`texts show ${third}`, 'of-mine')).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('baton incidents texts <incident>'),
    });
    expect((await baton('texts show x')).exit).toBe(2);
  });
});
