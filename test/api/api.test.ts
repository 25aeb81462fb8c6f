import { describe, expect, it } from 'vitest';
import { operations } from '../../server/operations/index.ts';
import { delivery } from '../store/world.ts';
import { incident, openApi } from './served.ts';

const { served, store } = await openApi();

describe('the API', () => {
  const get = (path: string, token?: string | null) =>
    served.ask('GET', `/api/v1${path}`, token === undefined ? {} : { token });
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}, token = 'admin') =>
    served.ask('POST', `/api/v1${path}`, { body, headers, token });

  it('shows an incident: what it is, what ran, what was changed, and why nothing else ran', async () => {
    const { subject, run, eventId } = await incident(store);
    await store.append([]);
    while ((await store.seal()) > 0);
    const { status, json } = await get(`/incidents/${subject}`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      id: subject,
      incident: { status: 'triggered', liveRuns: 1, incident: { title: 'p99 latency above 2 s' } },
      runs: [{ id: run, state: 'running' }],
      changed: [],
      why: [{ event: eventId, answers: [{ trigger: 'news', answer: 'no', reason: 'is of high urgency' }] }],
    });
  });

  it('finds incidents by state, service and title', async () => {
    const { subject } = await incident(store, 'PSEARCH', 'Index is STALE');
    for (const query of [
      'service=PSEARCH',
      'q=index+is+stale',
      `q=${subject}`,
      'status=open&service=PSEARCH',
    ])
      expect((await get(`/incidents?${query}`)).json.items.map(({ id }: { id: string }) => id)).toEqual([
        subject,
      ]);
    expect((await get('/incidents?status=resolved&service=PSEARCH')).json).toEqual({ items: [] });
  });

  it('shows the incidents of two accounts that have one id apart, each under its own', async () => {
    const own = await incident(store, 'PTWO', 'of two accounts');
    const eu = await incident(store, 'PTWO', 'of two accounts', { connection: 'eu', id: own.subject });
    while ((await store.seal()) > 0);
    const ids = async (query: string) =>
      (await get(`/incidents?${query}`)).json.items.map(
        ({ id, connection, service }: { id: string; connection: string; service: string }) => [
          id,
          connection,
          service,
        ],
      );
    const ofDefault = [own.subject, 'default', 'PTWO'];
    const ofEu = [`eu/${own.subject}`, 'eu', 'eu/PTWO'];
    for (const query of ['q=of+two+accounts', `q=${own.subject}`])
      expect(await ids(query)).toEqual([ofEu, ofDefault]);
    expect(await ids(`q=${eu.subject}`)).toEqual([ofEu]);
    expect(await ids('service=PTWO')).toEqual([ofDefault]);
    expect(await ids('service=eu/PTWO')).toEqual([ofEu]);

    for (const path of [eu.subject, encodeURIComponent(eu.subject)]) {
      const { json } = await get(`/incidents/${path}`);
      expect(json).toMatchObject({
        id: eu.subject,
        incident: { connection: 'eu', liveRuns: 1, incident: { title: 'of two accounts' } },
        runs: [{ id: eu.run }],
        why: [{ event: eu.eventId }],
      });
      const timeline = (await get(`/incidents/${path}/record`)).json;
      expect(timeline.items.map(({ subject }: { subject: string }) => subject)).toContain(eu.subject);
    }
    for (const { subject, seq } of [own, eu]) {
      const events = (await get(`/events?subject=${subject}`)).json.items;
      expect(events.map((event: { seq: number }) => event.seq)).toEqual([seq]);
      const lines = (await get(`/record?action=event.answered&subject=${subject}`)).json.items;
      expect(lines).toMatchObject([{ subject }]);
    }

    const seen = async (service: string) => {
      const scope = { services: [service] };
      served.principals.set('of-one', { kind: 'token', name: 'of-one', role: 'operator', scope });
      const { items } = (await get('/events', 'of-one')).json;
      const [shown] = items.map(({ subject }: { subject: string }) => subject);
      const statuses = [own, eu].map(
        async ({ subject }) => (await get(`/incidents/${subject}`, 'of-one')).status,
      );
      return [items.length, shown, ...(await Promise.all(statuses))];
    };
    expect(await seen('PTWO')).toEqual([1, own.subject, 200, 404]);
    expect(await seen('eu/PTWO')).toEqual([1, eu.subject, 404, 200]);
    expect((await get('/record', 'of-one')).status).toBe(403);
  });

  it('takes ids of runs and events with their slashes, as they are and encoded', async () => {
    const { run, seq } = await incident(store);
    expect((await get(`/runs/${run}`)).json).toMatchObject({ id: run, workflow: 'waitForNews' });
    expect((await get(`/runs/${encodeURIComponent(run)}`)).json).toMatchObject({ id: run });
    expect((await get(`/runs/${run}/timeline`)).json).toMatchObject({ items: [] });
    expect((await get(`/events/${seq}`)).json).toMatchObject({ seq, encoding: 'utf8' });
    expect((await get('/runs/news/nobody/2')).status).toBe(404);
  });

  it('gives bytes that are no text as base64', async () => {
    const { seq } = await store.receive(delivery({ body: Buffer.from([0xff, 0x00]) }));
    expect((await get(`/events/${seq}`)).json).toMatchObject({ body: '/wA=', encoding: 'base64' });
  });

  it('replays an event, and writes who asked for it', async () => {
    const { seq, subject } = await incident(store);
    expect(await post(`/events/${seq}/replay`, undefined, {}, 'responder')).toMatchObject({
      status: 200,
      json: { seq, replayed: true },
    });
    const lines = await store.linesAbout({ subject, after: 0, skip: 0, limit: 100 });
    expect(lines.filter(({ actor }) => actor === 'token:the-responder')).toMatchObject([
      { via: 'api', action: 'event.replayed', detail: { seq } },
    ]);
    const again = await post(`/events/${seq}/replay`);
    expect(again).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining('pending already') },
    });
  });

  it('finds nothing of what no text holds, and says so', async () => {
    for (const path of [
      '/incidents?q=%00',
      '/events?type=%00',
      '/runs?workflow=%00',
      '/record?target=%00&action=%00',
    ])
      expect([path, (await get(path)).json]).toEqual([path, { items: [] }]);
  });

  it('refuses without the right, and writes that down', async () => {
    const { seq } = await incident(store);
    const answer = await post(`/events/${seq}/replay`, {}, {}, 'viewer');
    expect(answer).toMatchObject({ status: 403, json: { title: 'Not allowed' } });
    expect(answer.json.detail).toContain('events.replay');
    // Whoever may not has not been listened to: of which event it was is not known.
    const lines = await store.linesAbout({ subject: 'events.replay', after: 0, skip: 0, limit: 10 });
    expect(lines).toMatchObject([
      {
        actor: 'token:the-viewer',
        action: 'operation.refused',
        detail: { operation: 'events.replay', status: 403 },
      },
    ]);
  });

  it('writes the same refusal once, however often it is asked', async () => {
    const refusals = async () =>
      (await store.linesAbout({ subject: 'people.list', after: 0, skip: 0, limit: 50 })).length;
    for (let asked = 0; asked < 20; asked += 1) expect((await get('/people', 'viewer')).status).toBe(403);
    expect(await refusals()).toBe(1);
    expect((await get('/people', 'operator')).status).toBe(403);
    expect(await refusals()).toBe(2);
  });

  it.each([
    ['nobody', 'GET', '/runs', { token: null }, 401],
    ['an unknown token', 'GET', '/runs', { token: 'old' }, 401],
    ['a role that may not', 'GET', '/record', { token: 'viewer' }, 403],
    ['an unknown field', 'GET', '/runs?colour=red', {}, 400],
    ['a field twice', 'GET', '/runs?limit=1&limit=2', {}, 400],
    ['a limit of nothing', 'GET', '/runs?limit=0', {}, 400],
    ['a limit beyond the bound', 'GET', '/runs?limit=201', {}, 400],
    ['a limit that is no number', 'GET', '/runs?limit=1e2', {}, 400],
    ['a switch that is neither on nor off', 'GET', '/runs?live=yes', {}, 400],
    ['a cursor that is none', 'GET', '/runs?cursor=x', {}, 400],
    ['a huge id', 'GET', `/runs/${'x'.repeat(3_000)}`, {}, 400],
    ['an address of bad percent signs', 'GET', '/runs/%zz', {}, 400],
    ['an id of NUL', 'GET', '/runs/%00', {}, 404],
    ['an id of NUL that is no event', 'GET', '/events/%00', {}, 404],
    ['an id of NUL that is no incident', 'GET', '/incidents/%00', {}, 404],
    ['a time that is none', 'GET', '/record?from=yesterday', {}, 400],
    ['a number that no event has', 'GET', '/events/999999999999999', {}, 404],
    ['a route that is none', 'GET', '/nothing', {}, 404],
    ['a path with a slash too many', 'GET', '/runs/', {}, 404],
    ['another method', 'DELETE', '/runs', {}, 405],
    ['another method on a path with an id', 'PUT', '/runs/a/b/stop', {}, 405],
    ['a body that is no JSON', 'POST', '/events/test', { body: '{' }, 400],
    ['a body that is no object', 'POST', '/events/test', { body: [] }, 400],
    [
      'a body of another type',
      'POST',
      '/events/test',
      { body: 'x', headers: { 'content-type': 'text/plain' } },
      415,
    ],
    ['a body that is too long', 'POST', '/events/test', { body: { given: 'x'.repeat(600_000) } }, 413],
    [
      'a body nested too deep',
      'POST',
      '/events/test',
      { body: `{"given":${'['.repeat(99)}${']'.repeat(99)}}` },
      400,
    ],
    ['a field of the body that is unknown', 'POST', '/events/test', { body: { event: '1', more: 1 } }, 400],
    ['__proto__ as a field', 'POST', '/events/test', { body: '{"__proto__":{"event":"1"}}' }, 400],
    ['a query where the body counts', 'POST', '/events/test?event=1', {}, 400],
    ['a field of the path in the body', 'POST', '/runs/a/b/stop', { body: { id: 'c', reason: 'x' } }, 400],
    [
      'no Temporal',
      'POST',
      '/runs',
      { body: { workflow: 'waitForNews', input: { incidentId: 'Q1' }, reason: 'x' } },
      503,
    ],
    [
      'a workflow that nobody starts by hand',
      'POST',
      '/runs',
      { body: { workflow: 'other', input: {}, reason: 'x' } },
      404,
    ],
    [
      'input that the workflow does not take',
      'POST',
      '/runs',
      { body: { workflow: 'waitForNews', input: { id: 1 }, reason: 'x' } },
      400,
    ],
    [
      'no reason',
      'POST',
      '/runs',
      { body: { workflow: 'waitForNews', input: { incidentId: 'Q1' }, reason: ' ' } },
      400,
    ],
    ['a key of spaces', 'POST', '/events/1/replay', { headers: { 'idempotency-key': 'a b' } }, 400],
  ] as const)(
    'answers %s with problem details, never 500: %s %s',
    async (_, method, path, options, status) => {
      const answer = await served.ask(method, `/api/v1${path}`, options);
      expect([answer.status, answer.json?.detail]).toEqual([status, expect.any(String)]);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      if (path !== '/runs/%zz') expect(answer.json.title).not.toBe('Bad address');
      expect(answer.json).toMatchObject({
        type: 'about:blank',
        title: expect.any(String),
        status,
        instance: expect.any(String),
        requestId: expect.any(String),
      });
      if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      if (status === 405) expect(answer.headers.get('allow')).toMatch(/GET|POST/);
      if (status === 503) expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    },
  );

  it('lets no browser of another origin read it, and nothing keep it', async () => {
    for (const path of ['/api/v1/runs', '/api/v1/nothing', '/openapi.json']) {
      const { headers } = await served.ask('GET', path, { headers: { origin: 'https://evil.example' } });
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });

  it('tests triggers on a given event, and on a stored one also as things stand', async () => {
    const { seq, run } = await incident(store);
    const stored = await post('/events/test', { event: String(seq) }, {}, 'viewer');
    expect(stored.json).toMatchObject({
      answers: [{ trigger: 'news', answer: 'no' }],
      now: { answers: [{ answer: 'no' }] },
    });
    expect((await post('/events/test', { trigger: 'old', event: String(seq) })).status).toBe(404);
    expect((await post('/events/test', { given: {} })).status).toBe(400);
    expect((await store.findRun(run))?.state).toBe('running');
  });

  it('lists triggers, workflows and activities, with what they take', async () => {
    expect((await get('/triggers')).json.items).toMatchObject([{ name: 'news', workflow: 'waitForNews' }]);
    expect((await get('/triggers/news')).json).toMatchObject({ name: 'news' });
    const { items } = (await get('/workflows')).json;
    expect(items).toMatchObject([
      { name: 'waitForNews', triggers: ['news'], input: { required: ['incidentId'] } },
      { name: 'other', triggers: [] },
    ]);
    expect(items[1].input).toBeUndefined();
    expect((await get('/activities?kind=destructive')).json.items).toMatchObject([
      { name: 'rebootEc2Instances' },
    ]);
    expect((await get('/activities/addPagerDutyNote')).json).toMatchObject({
      kind: 'change',
      provider: 'pagerduty',
      input: { type: 'object' },
      example: expect.stringContaining('steps.addPagerDutyNote('),
      inverse: { none: expect.stringMatching(/./) },
    });
    expect((await get('/settings')).json.items).toEqual([{ name: 'PAGERDUTY_API_TOKEN', value: '••••••••' }]);
  });

  it('shows whoever is limited to services and workflows only theirs', async () => {
    const mine = await incident(store, 'PMINE');
    const other = await incident(store, 'POTHER');
    const limited = {
      kind: 'token',
      name: 'limited',
      role: 'admin',
      scope: { services: ['PMINE'] },
    } as const;
    served.principals.set('limited', limited);
    for (const list of ['/incidents', '/events', '/runs']) {
      const { items } = (await get(list, 'limited')).json;
      expect(items.map((row: { subject?: string; id: string }) => row.subject ?? row.id)).toEqual([
        mine.subject,
      ]);
    }
    for (const path of [
      `/incidents/${other.subject}`,
      `/incidents/${other.subject}/timeline`,
      `/events/${other.seq}`,
      `/runs/${other.run}`,
      `/runs/${other.run}/timeline`,
    ])
      expect([path, (await get(path, 'limited')).status]).toEqual([path, 404]);
    expect((await post(`/events/${other.seq}/replay`, {}, {}, 'limited')).status).toBe(404);
    expect((await post(`/runs/${other.run}/stop`, { reason: 'x' }, {}, 'limited')).status).toBe(404);
    expect((await get('/record', 'limited')).status).toBe(403);
    served.principals.set('limited', { ...limited, scope: { workflows: ['other'] } });
    expect((await get('/runs', 'limited')).json).toEqual({ items: [] });
    expect((await get(`/runs/${mine.run}`, 'limited')).status).toBe(404);
    expect((await get('/triggers', 'limited')).json).toEqual({ items: [] });
    expect((await get('/incidents', 'limited')).status).toBe(403);
  });

  it('finds lines of the record, takes it out, and verifies it', async () => {
    await incident(store);
    while ((await store.seal()) > 0);
    const found = (await get('/record?action=event.answered&limit=3', 'operator')).json;
    expect(found.items).toHaveLength(3);
    expect(new Set(found.items.map(({ action }: { action: string }) => action))).toEqual(
      new Set(['event.answered']),
    );
    const seqs: number[] = [];
    for (let cursor = ''; ; ) {
      const { json } = await get(`/record/export?limit=50${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seqs.push(...json.items.map(({ seq }: { seq: number }) => seq));
      if (json.next === undefined) break;
      cursor = json.next;
    }
    const head = await store.head();
    expect(seqs).toEqual(Array.from({ length: head.seq }, (_, index) => index + 1));
    expect((await post('/record/verify')).json).toMatchObject({ ok: true, rows: head.seq, head: head.hash });
    const heads = [head, { seq: 1, hash: 'f'.repeat(64) }, { seq: head.seq + 9, hash: head.hash }];
    expect(
      (await post('/record/compare', { heads })).json.items.map(({ found: how }: { found: string }) => how),
    ).toEqual(['contained', 'other', 'missing']);
  });

  it('has every operation in its document, and nothing else', async () => {
    const { json } = await served.ask('GET', '/openapi.json', { token: null });
    expect(json.openapi).toMatch(/^3\.1/);
    const documented = Object.entries<Record<string, { operationId: string }>>(json.paths).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(
          ([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`,
        ),
    );
    const declared = operations.map(({ name, route }) => `${name} ${route.replaceAll('{+', '{')}`);
    expect(documented.sort()).toEqual([...declared, 'stream GET /stream'].sort());
    for (const [path, methods] of Object.entries<Record<string, unknown>>(json.paths))
      for (const method of Object.keys(methods)) {
        const { status } = await served.ask(
          method.toUpperCase(),
          `/api/v1${path.replaceAll(/\{\w+\}/g, 'x')}`,
          { token: null },
        );
        expect([path, method, status]).toEqual([path, method, 401]);
      }
  });
});
