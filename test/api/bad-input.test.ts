import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange, statusOf } from '../server/receiver.ts';
import { embeddedWorld, entry, fresh, type World } from '../store/world.ts';
import { incident, type Served, serve } from './served.ts';

const huge = 'x'.repeat(100_000);

describe('the API, on what nobody should send', () => {
  let world: World;
  let served: Served;
  let run: string;
  beforeAll(async () => {
    world = await embeddedWorld();
    const store = world.newStore();
    served = await serve(store);
    ({ run } = await incident(store));
    for (let count = 0; count < 2; count += 1) {
      await store.setRole(`${fresh('ada')}@example.com`, 'viewer', entry());
      const token = { id: `00000000000${count}`, hash: '0', name: fresh('token-'), role: 'viewer' as const };
      await store.createToken({ ...token, scope: {}, days: 1, createdBy: 'baton' }, entry());
    }
  });
  afterAll(async () => {
    await served.close();
    await world.close();
  });
  /** The answer to these bytes, on a connection that a next request then closes. */
  const send = (line: string, headers: string[] = [], body = '') => {
    const head = [line, 'Host: baton.example.com', 'Authorization: Bearer admin', ...headers];
    const next = ['GET /healthz HTTP/1.1', 'Host: baton.example.com', 'Connection: close', '', ''];
    return exchange(
      Number(new URL(served.url).port),
      [...head, '', ''].join('\r\n') + body,
      next.join('\r\n'),
    );
  };
  const statuses = (answer: string) => (answer.match(/HTTP\/1\.1 \d+/g) ?? []).map((each) => each.slice(-3));

  it.each([
    ['an id in the address', `/runs/${huge}`],
    ['a query', `/incidents?q=${huge}`],
    ['a cursor', `/runs?cursor=${huge}`],
  ])('refuses %s of 100 KB', async (_, path) => {
    const answer = await send(`GET /api/v1${path} HTTP/1.1`);
    expect(statusOf(answer)).toBe(431);
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(answer).toContain('Address or headers too long');
  });

  it('refuses an id and a name of 100 KB in a body', async () => {
    for (const [path, body] of [
      ['/events/test', { event: huge }],
      ['/runs', { workflow: huge, input: {}, reason: 'x' }],
      ['/runs', { workflow: 'waitForNews', input: {}, reason: huge }],
      ['/tokens', { name: huge, role: 'viewer' }],
      ['/connections', { name: huge, provider: 'jira', values: {} }],
    ] as const)
      expect(await served.ask('POST', `/api/v1${path}`, { body })).toMatchObject({
        status: 400,
        json: { title: 'Bad input' },
      });
  });

  it('refuses numbers that are written as text in a body, and takes those of 16 digits in a query', async () => {
    const token = { name: fresh('token-'), role: 'viewer' };
    for (const days of ['7', true, null, 1.5, 1e300, []])
      expect([
        days,
        (await served.ask('POST', '/api/v1/tokens', { body: { ...token, days } })).status,
      ]).toEqual([days, 400]);
    const linesAfter = (number: string) => served.ask('GET', `/api/v1/runs/${run}/timeline?after=${number}`);
    expect(await linesAfter(String(Number.MAX_SAFE_INTEGER))).toMatchObject({
      status: 200,
      json: { items: [] },
    });
    expect((await linesAfter('9007199254740992')).status).toBe(400);
  });

  it.each(['/people', '/tokens'])(
    'goes on in %s only by a cursor of the same list and sender',
    async (list) => {
      served.principals.set('other', { kind: 'token', name: 'the-other', role: 'admin' });
      const get = (query: string, token = 'admin') =>
        served.ask('GET', `/api/v1${list}?limit=1${query}`, { token });
      const first = (await get('')).json;
      const second = await get(`&cursor=${first.next}`);
      expect([second.status, second.json.items.length]).toEqual([200, 1]);
      expect(second.json.items).not.toEqual(first.items);
      expect(await get(`&cursor=${first.next}`, 'other')).toMatchObject({
        status: 400,
        json: { title: 'Bad cursor' },
      });
      const elsewhere = list === '/people' ? '/tokens' : '/people';
      expect((await served.ask('GET', `/api/v1${elsewhere}?cursor=${first.next}`)).status).toBe(400);
      expect((await get('&cursor=000000000000')).status).toBe(400);
    },
  );

  it('takes the last of two equal keys of a body, and checks that one', async () => {
    const ask = (body: string) => served.ask('POST', '/api/v1/events/test', { body });
    expect((await ask('{"event":"1","event":7}')).status).toBe(400);
    expect((await ask('{"event":7,"event":"nothing"}')).status).toBe(404);
  });

  it('answers HEAD as GET without a body, and ends it', async () => {
    for (const path of ['/runs', `/runs/${run}`, '/stream'])
      expect(statuses(await send(`HEAD /api/v1${path} HTTP/1.1`))).toEqual(['200', '200']);
    expect(statuses(await send('HEAD /api/v1/runs/nothing HTTP/1.1'))).toEqual(['404', '200']);
  });

  it('does not read the body of a GET, and goes on after it', async () => {
    const body = '{"subject":"Q1"}';
    const headers = [`Content-Length: ${body.length}`, 'Content-Type: application/json'];
    expect(statuses(await send('GET /api/v1/runs HTTP/1.1', headers, body))).toEqual(['200', '200']);
  });

  it.each([
    ['OPTIONS', 405],
    ['TRACE', 405],
    ['PATCH', 405],
    ['PROPFIND', 405],
    ['NONSENSE', 400],
    ['get', 400],
  ])('refuses the method %s with %i', async (method, status) => {
    const answer = await send(`${method} /api/v1/runs HTTP/1.1`);
    expect(statusOf(answer)).toBe(status);
    expect(answer.toLowerCase()).toContain('content-type: application/problem+json');
    if (status === 405) expect(answer).toContain('Allow: GET, POST, HEAD');
  });

  it('finds the same run by a slash and by an encoded one, and nothing by other ways round', async () => {
    for (const [path, status] of [
      [run.replace('/', '%2F'), 200],
      [run.replace('/', '%2f'), 200],
      [run.replace('/', '%252F'), 404],
      [run.replace('/', '//'), 404],
      [run.replace('/', '/../'), 404],
      [run.replace('/', '/%2e%2e/'), 404],
      [run.replace('/', '%00'), 404],
      [`${run}%00`, 404],
      [`${run}%0d%0aSet-Cookie:%20a=b`, 404],
      [`${run}%ed%a0%80`, 400],
      [`${run}%ff`, 400],
    ] as const)
      expect([path, statusOf(await send(`GET /api/v1/runs/${path} HTTP/1.1`))]).toEqual([path, status]);
  });

  it.each([
    '//',
    '//evil.example.com/api/v1/runs',
    '/api/v1//runs',
    '*',
    'http://x/api/v1/nothing',
    '/%',
    '/runs/%zz',
    '/api/v1/runs/%zz',
    '/webhooks/pagerduty/%zz',
  ])('answers with a problem where there is no route: %s', async (target) => {
    const answer = await send(`GET ${target} HTTP/1.1`);
    expect([400, 404]).toContain(statusOf(answer));
    expect(answer.toLowerCase()).toContain('content-type: application/problem+json');
  });
});
