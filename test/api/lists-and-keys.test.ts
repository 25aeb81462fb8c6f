import { describe, expect, it } from 'vitest';
import { fresh } from '../store/world.ts';
import { incident, openApi } from './served.ts';

const { served, store, world } = await openApi();

describe('lists and keys of the API', () => {
  const get = (path: string, token = 'admin') => served.ask('GET', `/api/v1${path}`, { token });
  const put = (path: string, body: unknown) => served.ask('PUT', `/api/v1${path}`, { body });
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}, token = 'admin') =>
    served.ask('POST', `/api/v1${path}`, { body, headers, token });

  it('gives each list in pages that lose and repeat nothing, whatever comes in between', async () => {
    const made: { subject: string }[] = [];
    for (let count = 0; count < 7; count += 1) made.push(await incident(store, 'PPAGES'));
    for (const [list, idOf] of [
      ['/incidents?service=PPAGES', ({ id }: { id: string }) => id],
      ['/runs?workflow=waitForNews', ({ subject }: { subject: string }) => subject],
      ['/events?type=pagerduty.incident.triggered', ({ subject }: { subject: string }) => subject],
    ] as const) {
      const seen: string[] = [];
      for (let cursor = ''; ; ) {
        const { json } = await get(`${list}&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
        seen.push(...json.items.map(idOf));
        if (json.next === undefined) break;
        cursor = json.next;
        await incident(store, 'PPAGES');
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((subject) => made.some((each) => each.subject === subject))).toEqual(
        made.map(({ subject }) => subject).reverse(),
      );
    }
  });

  it('refuses a cursor of another list, of other fields and of somebody else', async () => {
    const { next } = (await get('/runs?limit=1')).json;
    expect((await get(`/runs?limit=2&cursor=${next}`)).status).toBe(200);
    expect((await get(`/events?limit=1&cursor=${next}`)).status).toBe(400);
    expect((await get(`/runs?limit=1&live=true&cursor=${next}`)).status).toBe(400);
    expect((await get(`/runs?limit=1&cursor=${next}`, 'viewer')).status).toBe(400);
    expect((await get(`/runs?limit=1&cursor=${next}x`)).status).toBe(400);
  });

  it('refuses such cursors for people and for tokens too, whose ids are no cursors', async () => {
    for (const name of ['one', 'two']) {
      expect((await put(`/people/${name}@example.com`, { role: 'viewer' })).status).toBe(200);
      expect((await post('/tokens', { name, role: 'viewer' })).status).toBe(200);
    }
    served.principals.set('another', { kind: 'token', name: 'another', role: 'admin' });
    for (const [list, other, id] of [
      ['/people', '/tokens', 'one@example.com'],
      ['/tokens', '/people', '0123456789ab'],
    ] as const) {
      const { next } = (await get(`${list}?limit=1`)).json;
      expect((await get(`${list}?limit=1&cursor=${next}`)).json.items).toHaveLength(1);
      expect((await get(`${other}?limit=1&cursor=${next}`)).status).toBe(400);
      expect((await get(`${list}?limit=1&cursor=${next}`, 'another')).status).toBe(400);
      expect((await get(`${list}?limit=1&cursor=${id}`)).status).toBe(400);
    }
  });

  it('carries out a change once under its key, and gives the same answer again', async () => {
    const { seq } = await incident(store);
    const key = { 'idempotency-key': fresh('key-') };
    const first = await post(`/events/${seq}/replay`, {}, key);
    const again = await post(`/events/${seq}/replay`, {}, key);
    expect([first.status, again.status, again.json]).toEqual([200, 200, first.json]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await incident(store);
    expect((await post(`/events/${other.seq}/replay`, {}, key)).status).toBe(422);
    // The key is its sender's own.
    expect((await post(`/events/${other.seq}/replay`, {}, key, 'operator')).status).toBe(200);
  });

  it('carries out one of many that come at once under one key', async () => {
    const { seq } = await incident(store);
    const key = { 'idempotency-key': fresh('key-') };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post(`/events/${seq}/replay`, {}, key)),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status !== 409)).toEqual(statuses.filter((status) => status === 200));
    const lines = await world.newStore().searchRecord({ action: 'event.replayed', limit: 100 });
    const queued = await store.linesAbout({
      subject: (await store.findEvent(String(seq)))?.subject ?? '',
      after: 0,
      skip: 0,
      limit: 50,
    });
    const replays = [...lines.items, ...queued].filter(
      ({ action, detail }) => action === 'event.replayed' && detail.seq === seq,
    );
    expect(replays).toHaveLength(1);
  });
});
