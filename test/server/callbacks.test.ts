import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { callbackId } from '../../domain/callback.ts';
import { longestBody } from '../../server/receiving/body.ts';
import { testAuthority } from '../authority.ts';
import { liveRun } from '../store/approval.ts';
import { backends } from '../store/backends.ts';
import { startReceiver, storeIsDown } from './receiver.ts';

const schema = {
  type: 'object',
  properties: {
    result: { type: 'string', enum: ['pass', 'fail'] },
    count: { type: 'integer', minimum: 1 },
    isLast: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string', maxLength: 4 } },
  },
  required: ['result'],
} as const;
const json = { 'content-type': 'application/json' };

describe.each(await backends())('the address of a callback, on $name', ({ world }) => {
  const [store, other] = [world.newStore(), world.newStore()];

  async function open(of: Parameters<typeof startReceiver>[0] = {}) {
    const { runId, subject } = await liveRun(store);
    const id = callbackId(runId, 1);
    const token = testAuthority.callbackToken(id);
    const tokenHash = createHash('sha256').update(token).digest('base64url');
    await store.openCallback({ id, runId, subject, schema, tokenHash });
    const receiver = await startReceiver({ callbacks: store, ...of });
    const path = `/callbacks/${token}`;
    const call = (body: unknown, headers: Record<string, string> = json) =>
      receiver.post(path, typeof body === 'string' ? body : JSON.stringify(body), headers);
    return { ...receiver, id, runId, subject, path, token, call };
  }

  it('takes what the run waits for, stored with the event that wakes it, and no second answer', async () => {
    const { call, id, subject, runId, log, token } = await open();
    const brought = { result: 'pass', count: 2, isLast: true, tags: ['a'], other: 'left out' };
    expect(await call(brought)).toMatchObject({ status: 202, json: { received: true } });
    expect(await store.findCallback(id)).toMatchObject({
      state: 'received',
      data: { result: 'pass', count: 2, isLast: true, tags: ['a'] },
      receivedAt: expect.any(String),
    });
    expect((await call(brought)).status).toBe(409);
    const events = await store.listEvents({ subject, limit: 10 });
    expect(events.filter(({ type }) => type === 'callback.received')).toMatchObject([
      { eventId: `callback.received/${id}`, event: { data: { callbackId: id, runId } } },
    ]);
    const lines = await store.readRecord({ subject, limit: 10 });
    expect(lines.map(({ action }) => action).sort()).toEqual([
      'callback.opened',
      'callback.received',
      'event.received',
    ]);
    expect(JSON.stringify([lines, events, log])).not.toContain(token);
  });

  it.each<[unknown, RegExp]>([
    [{ result: 'perhaps' }, /result: Invalid option/],
    [{}, /result: /],
    [{ result: 'pass', count: 0 }, /count: Too small/],
    [{ result: 'pass', count: 1.5 }, /count: /],
    [{ result: 'pass', isLast: 'yes' }, /isLast: /],
    [{ result: 'pass', tags: ['abcde'] }, /tags\.0: Too big/],
    [[], /expected object/],
    ['{"result":', /not valid JSON/],
  ])('refuses %j, says what is wrong, and waits on', async (body, words) => {
    const { call, id } = await open();
    const answer = await call(body);
    expect(answer.status).toBe(400);
    expect(answer.json.detail).toMatch(words);
    expect(await store.findCallback(id)).toMatchObject({ state: 'waiting' });
    expect((await call({ result: 'fail' })).status).toBe(202);
  });

  it('is over with its run, and once the run waits no more', async () => {
    const ended = await open();
    await world.run(`update runs set state = 'completed', ended_at = now() where id = '${ended.runId}'`);
    expect((await ended.call({ result: 'pass' })).status).toBe(410);
    const closed = await open();
    expect(await store.closeCallback(closed.id, 'nobody called in time')).toMatchObject({ state: 'closed' });
    expect((await closed.call({ result: 'pass' })).status).toBe(410);
    // What came first counts.
    const late = await open();
    await late.call({ result: 'pass' });
    expect(await store.closeCallback(late.id, 'nobody called in time')).toMatchObject({ state: 'received' });
  });

  it('cannot be guessed, and a wrong one is answered as any other address', async () => {
    const { post, id, runId, token } = await open();
    const elsewhere = await post('/nothing-here', '{}', json);
    const flipped = `${token[0] === 'A' ? 'B' : 'A'}${token.slice(1)}`;
    const guesses = [
      flipped,
      token.slice(1),
      `${token}A`,
      '',
      '%00',
      encodeURIComponent(id),
      'A'.repeat(43),
      "'--",
    ];
    for (const guess of guesses) {
      const { status, json: problem } = await post(`/callbacks/${guess}`, '{"result":"pass"}', json);
      expect({ guess, status, title: problem.title }).toEqual({
        guess,
        status: 404,
        title: elsewhere.json.title,
      });
    }
    // The id is known to many, and says nothing of the token without the key.
    expect(createHash('sha256').update(id).digest('base64url')).not.toBe(token);
    expect(testAuthority.callbackToken(callbackId(runId, 2))).not.toBe(token);
    expect(await store.findCallback(id)).toMatchObject({ state: 'waiting' });
  });

  it('takes JSON of a bounded size, by POST', async () => {
    const { call, get, path, id } = await open();
    expect((await call('{"result":"pass"}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await call({ result: 'pass', other: 'x'.repeat(longestBody) })).status).toBe(413);
    expect((await get(path)).status).toBe(405);
    expect(await store.findCallback(id)).toMatchObject({ state: 'waiting' });
  });

  it('answers 503 while the store is away, so that it is called again', async () => {
    const down = {
      findCallbackByToken: () => Promise.reject(storeIsDown()),
      receiveCallback: store.receiveCallback,
    };
    const { call, log, token } = await open({ callbacks: down });
    expect((await call({ result: 'pass' })).status).toBe(503);
    expect(log.join()).not.toContain(token);
    expect(log.join()).toContain('/callbacks/[secret]');
  });

  it('takes one answer of two that come to two servers at once', async () => {
    const { call, path, subject } = await open();
    const beside = await startReceiver({ callbacks: other });
    const answers = await Promise.all([
      call({ result: 'pass' }),
      beside.post(path, '{"result":"fail"}', json),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    const events = await store.listEvents({ subject, limit: 10 });
    expect(events.filter(({ type }) => type === 'callback.received')).toHaveLength(1);
  });

  it('is opened once for each number', async () => {
    const { id, runId, subject, call } = await open();
    await store.openCallback({ id, runId, subject, schema: { type: 'boolean' }, tokenHash: 'another' });
    expect((await call({ result: 'pass' })).status).toBe(202);
    const lines = await store.readRecord({ subject, limit: 9 });
    expect(lines.filter(({ action }) => action === 'callback.opened')).toHaveLength(1);
  });
});
