import { createHash } from 'node:crypto';
import { Agent, request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { longestBody } from '../../server/body.ts';
import { createInbox } from '../../server/inbox.ts';
import { signed, webhookBody, webhookJson, wireData } from '../fixtures/webhooks.ts';
import { olderSecret, type Receiver, secret, startReceiver, storeIsDown } from './receiver.ts';

const path = '/webhooks/pagerduty';
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** Sends bytes with a signature that matches. */
const sendSigned = (receiver: Receiver, body: Uint8Array | string, headers: Record<string, string> = {}) =>
  receiver.post(path, body, { ...signed(Buffer.from(body), secret), ...headers });

/** A signed event with this JSON text as the data of a type that is not known. */
const unknownWith = (data: string) =>
  Buffer.from(`{"event":{"id":"01${data.length}","event_type":"incident.invented","data":${data}}}`);

describe('a PagerDuty webhook', () => {
  it('is stored with its exact bytes, answered 202, and handed to the dispatcher', async () => {
    const receiver = await startReceiver();
    const body = Buffer.concat([webhookBody('incident.triggered'), Buffer.from('\n')]);
    const { event } = JSON.parse(body.toString());
    const answer = await sendSigned(receiver, body, {
      'x-webhook-id': 'd0e1f2a3-0000-4000-8000-000000000001',
    });
    expect(answer.status).toBe(202);
    expect(answer.json).toEqual({ id: event.id, seq: 1, duplicate: false });
    expect(receiver.stored).toMatchObject([
      {
        source: '/pagerduty/default',
        eventId: event.id,
        type: 'pagerduty.incident.triggered',
        subject: 'Q1ABCDEF2GHIJK',
        time: '2026-11-20T09:00:00.412Z',
        deliveryId: 'd0e1f2a3-0000-4000-8000-000000000001',
        actor: 'pagerduty',
        via: 'webhook',
      },
    ]);
    expect(Buffer.from(receiver.stored[0]?.body ?? []).equals(body)).toBe(true);
    expect(receiver.dispatched).toEqual([
      { seq: 1, receivedAt: expect.any(String), event: receiver.stored[0]?.event, attempts: 0 },
    ]);
  });

  it('is taken at the address of the connection too', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    expect((await receiver.post(`${path}/default`, body, signed(body, secret))).status).toBe(202);
  });

  it('is taken while secrets are rotated, with signatures in any order', async () => {
    const receiver = await startReceiver();
    const lists = [
      [secret],
      [olderSecret],
      [secret, olderSecret],
      ['foreign', olderSecret],
      [secret, 'foreign'],
    ];
    for (const secrets of lists) {
      const body = webhookBody('incident.triggered');
      expect((await receiver.post(path, body, signed(body, ...secrets))).status).toBe(202);
    }
  });

  it('is taken with a signature header that is repeated', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    const own = signed(body, secret)['x-pagerduty-signature'] as string;
    const foreign = signed(body, 'foreign')['x-pagerduty-signature'] as string;
    const headers: [string, string][] = [
      ['content-type', 'application/json'],
      ['x-pagerduty-signature', foreign],
      ['x-pagerduty-signature', own],
    ];
    const answer = await fetch(receiver.url + path, { method: 'POST', body: new Uint8Array(body), headers });
    expect(answer.status).toBe(202);
  });

  it('a second time is a duplicate: answered 202, not handed on again', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    await sendSigned(receiver, body);
    const again = await sendSigned(receiver, body);
    expect(again.status).toBe(202);
    expect(again.json).toMatchObject({ duplicate: true });
    expect(receiver.dispatched).toHaveLength(1);
  });

  it('is not taken for another delivery with the same empty or odd delivery id', async () => {
    const receiver = await startReceiver();
    for (const id of ['', ' ', 'a b', 'x'.repeat(300)])
      await sendSigned(receiver, webhookBody('incident.triggered'), { 'x-webhook-id': id });
    expect(receiver.stored.map(({ deliveryId }) => deliveryId)).toEqual(Array(4).fill(undefined));
  });

  it.each(Object.keys(wireData))('%s is read and stored', async (type) => {
    const receiver = await startReceiver();
    expect((await sendSigned(receiver, webhookBody(type))).status).toBe(202);
    expect(receiver.dispatched).toHaveLength(1);
  });

  it('of 512 KB is taken, one byte more is not', async () => {
    const receiver = await startReceiver();
    const frame = unknownWith('""').length;
    const longest = unknownWith(`"${'x'.repeat(longestBody - frame - 5)}"`);
    const filled = Buffer.concat([longest, Buffer.alloc(longestBody - longest.length, ' ')]);
    expect(filled).toHaveLength(longestBody);
    expect((await sendSigned(receiver, filled)).status).toBe(202);
    expect((await sendSigned(receiver, Buffer.concat([filled, Buffer.from(' ')]))).status).toBe(413);
    expect(receiver.stored).toHaveLength(1);
  });

  it('in chunks is taken, and refused at the limit while it still comes', async () => {
    const receiver = await startReceiver();
    const chunked = async (body: Uint8Array) => {
      const stream = new ReadableStream({
        start(controller) {
          for (let at = 0; at < body.length; at += 60_000)
            controller.enqueue(new Uint8Array(body.subarray(at, at + 60_000)));
          controller.close();
        },
      });
      const headers = signed(body, secret);
      const answer = await fetch(receiver.url + path, {
        method: 'POST',
        body: stream,
        duplex: 'half',
        headers,
      });
      return answer.status;
    };
    expect(await chunked(webhookBody('incident.triggered', { title: 'x'.repeat(300_000) }))).toBe(202);
    expect(await chunked(Buffer.alloc(2_000_000, ' '))).toBe(413);
  });
});

describe('a PagerDuty webhook that is refused', () => {
  it('without a configured secret gets 503 with the name of the setting, whatever it is', async () => {
    const receiver = await startReceiver({ pagerDutySecrets: [] });
    const body = webhookBody('incident.triggered');
    for (const headers of [{}, signed(body, secret), signed(body, ''), { 'content-type': 'text/plain' }]) {
      const answer = await receiver.post(path, body, headers);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('60');
      expect(answer.json.detail).toContain('PAGERDUTY_WEBHOOK_SECRETS');
    }
    expect(receiver.stored).toEqual([]);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/vnd.api+json',
    '',
  ])('as %s gets 415', async (type) => {
    const receiver = await startReceiver();
    const answer = await sendSigned(receiver, webhookBody('pagey.ping'), { 'content-type': type });
    expect(answer.status).toBe(415);
  });

  it('with a charset or in capitals is still JSON', async () => {
    const receiver = await startReceiver();
    for (const type of ['application/json; charset=utf-8', 'Application/JSON'])
      expect((await sendSigned(receiver, webhookBody('pagey.ping'), { 'content-type': type })).status).toBe(
        202,
      );
  });

  it.each(['gzip', 'br', 'deflate', 'gzip, identity'])('compressed with %s gets 415', async (encoding) => {
    const receiver = await startReceiver();
    const answer = await sendSigned(receiver, webhookBody('pagey.ping'), { 'content-encoding': encoding });
    expect(answer.status).toBe(415);
  });

  it('without a signature of a known form gets 400', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    const hex = (signed(body, secret)['x-pagerduty-signature'] as string).slice(3);
    const malformed = ['', `v2=${hex}`, `v1=${hex.slice(1)}`, `v1=${hex}a`, `v1=${'g'.repeat(64)}`, hex];
    for (const signature of malformed) {
      const answer = await sendSigned(receiver, body, { 'x-pagerduty-signature': signature });
      expect(answer.status).toBe(400);
    }
    expect((await receiver.post(path, body, { 'content-type': 'application/json' })).status).toBe(400);
  });

  it('of version 2, which is not signed, gets 400 and a line in the log', async () => {
    const receiver = await startReceiver();
    const headers = { 'content-type': 'application/json', 'user-agent': 'PagerDuty-Webhook/V2.0' };
    expect((await receiver.post(path, json({ messages: [] }), headers)).status).toBe(400);
    expect(receiver.log.join()).toContain('No signature');
  });

  it('with signatures that do not match gets 403 and a warning', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    const eleven = [...Array(10).fill('foreign'), secret];
    for (const secrets of [['foreign'], ['foreign', 'another'], eleven])
      expect((await receiver.post(path, body, signed(body, ...secrets))).status).toBe(403);
    expect(receiver.log.join()).toContain('"level":40');
  });

  it('with other bytes than were signed gets 403', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    const rewritten = Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 1));
    const flipped = Buffer.from(body);
    flipped.writeUInt8(flipped.readUInt8(40) ^ 1, 40);
    for (const other of [rewritten, flipped, body.subarray(1), Buffer.alloc(0)])
      expect((await receiver.post(path, other, signed(body, secret))).status).toBe(403);
  });

  it('that is signed but not JSON in UTF-8 gets 400', async () => {
    const receiver = await startReceiver();
    const good = webhookBody('incident.triggered');
    const bodies: (string | Uint8Array)[] = [
      Buffer.concat([good.subarray(0, 30), Buffer.from([0xc3, 0x28]), good.subarray(30)]),
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), good]),
      Buffer.from(good.toString(), 'utf16le'),
      '',
      'null',
      '[]',
      '7',
      '"text"',
      good.subarray(0, -1),
      Buffer.concat([good, good]),
      '{"event":NaN}',
    ];
    for (const body of bodies) expect((await sendSigned(receiver, body)).status).toBe(400);
    expect(receiver.stored).toEqual([]);
  });

  it('is nested 64 levels deep at most', async () => {
    const receiver = await startReceiver();
    // The data lies in two objects already.
    const nested = (levels: number) => unknownWith('['.repeat(levels - 2) + ']'.repeat(levels - 2));
    expect((await sendSigned(receiver, nested(64))).status).toBe(202);
    for (const levels of [65, 66, 100, 1_000, 100_000])
      expect((await sendSigned(receiver, nested(levels))).status).toBe(400);
    const brackets = `"${'[{\\"'.repeat(500)}"`;
    expect((await sendSigned(receiver, unknownWith(brackets))).status).toBe(202);
  });

  it('is told what is wrong, why, and under which id to find it, and no secret', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    const answer = await receiver.post(path, body, signed(body, 'foreign'));
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.json).toEqual({
      type: 'about:blank',
      title: 'Signature does not match',
      status: 403,
      detail: expect.stringContaining('PAGERDUTY_WEBHOOK_SECRETS'),
      instance: path,
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(receiver.log.join()).toContain(String(answer.json.requestId));
    expect(answer.text + receiver.log.join()).not.toContain(secret);
  });
});

describe('a PagerDuty webhook with odd contents', () => {
  it.each([
    ['100 000 keys', `{${Array.from({ length: 50_000 }, (_, index) => `"${index}":1`).join(',')}}`],
    ['a long text', `"${'x'.repeat(500_000)}"`],
    ['numbers beyond a double', '[1e400,-1e400,1e200000,123456789012345678901234567890]'],
    ['NUL, lone surrogates and control characters', '"\\u0000\\ud800\\u202e\\u001b[31m\\r\\n"'],
    [
      'keys of the prototype',
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1}',
    ],
    ['a key twice', '{"a":1,"a":2}'],
  ])('is stored: %s', async (_, data) => {
    const receiver = await startReceiver();
    expect((await sendSigned(receiver, unknownWith(data))).status).toBe(202);
    expect(receiver.stored).toHaveLength(1);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('shows them harmlessly in an incident’s title too', async () => {
    const receiver = await startReceiver();
    const title = '\u0000\ud800\u202e\u001b[31m\r\n<!channel> {"a":1}';
    expect((await sendSigned(receiver, webhookBody('incident.triggered', { title }))).status).toBe(202);
    expect(receiver.log.join('')).not.toContain('\u001b');
  });

  it('of a type that is not known is stored with its data as it came', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.invented', { incident: { id: 'Q7' }, type: 'novelty', sub: [1] });
    expect((await sendSigned(receiver, body)).status).toBe(202);
    expect(receiver.stored[0]).toMatchObject({
      type: 'pagerduty.incident.invented',
      subject: 'Q7',
      event: { data: { type: 'novelty', sub: [1] } },
    });
  });

  it('with fields that are not known is read as without them', async () => {
    const receiver = await startReceiver();
    const plain = webhookJson('incident.triggered', {}, { id: 'same' });
    const more = { ...plain, new: 1, event: { ...plain.event, x: 1, data: { ...plain.event.data, y: {} } } };
    await sendSigned(receiver, json(plain));
    const other = await startReceiver();
    await sendSigned(other, json(more));
    expect(other.stored[0]?.event).toEqual(receiver.stored[0]?.event);
  });

  it('of a known type that cannot be read is stored as unreadable, with a warning, and not handed on', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered', { status: 'on fire' });
    expect((await sendSigned(receiver, body)).status).toBe(202);
    expect(receiver.stored[0]).toMatchObject({
      type: 'pagerduty.incident.triggered',
      subject: 'Q1ABCDEF2GHIJK',
      unreadable: expect.stringContaining('status'),
    });
    expect(receiver.stored[0]?.event).toBeUndefined();
    expect(receiver.dispatched).toEqual([]);
    expect(receiver.log.join()).toContain('Schema drift');
  });

  it('without an event or without its id is known by the hash of its bytes', async () => {
    const receiver = await startReceiver();
    for (const value of [
      {},
      { event: null },
      { event: {} },
      { event: { event_type: 'incident.triggered' } },
    ]) {
      const body = json(value);
      const id = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      expect((await sendSigned(receiver, body)).json).toMatchObject({ id, duplicate: false });
      expect((await sendSigned(receiver, body)).json).toMatchObject({ id, duplicate: true });
    }
    expect(receiver.stored.every(({ unreadable }) => unreadable !== undefined)).toBe(true);
  });
});

describe('a PagerDuty webhook while something of ours fails', () => {
  it('gets 503 and Retry-After without a store, and is taken when it is back', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    receiver.failWith(storeIsDown());
    const answer = await sendSigned(receiver, body);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(receiver.dispatched).toEqual([]);
    receiver.failWith(undefined);
    expect((await sendSigned(receiver, body)).json).toMatchObject({ duplicate: false });
  });

  it('gets 503 for a fault that nobody foresaw; the log has it, the answer has not', async () => {
    const receiver = await startReceiver();
    receiver.failWith(new Error('column "boot" does not exist'));
    const answer = await sendSigned(receiver, webhookBody('incident.triggered'));
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(answer.text).not.toContain('boot');
    expect(receiver.log.join()).toContain('column \\"boot\\" does not exist');
  });

  it('is answered, 2 000 at once over 100 connections', async () => {
    const receiver = await startReceiver();
    const dispatcher = new Agent({ connections: 100 });
    onTestFinished(() => dispatcher.destroy());
    const send = async () => {
      const body = webhookBody('incident.triggered');
      const headers = signed(body, secret);
      const answer = await request(receiver.url + path, { method: 'POST', body, headers, dispatcher });
      await answer.body.dump();
      return answer.statusCode;
    };
    const statuses = await Promise.all(Array.from({ length: 2_000 }, send));
    expect(statuses.filter((status) => status !== 202)).toEqual([]);
    expect(receiver.stored).toHaveLength(2_000);
  });

  it('is refused with Retry-After when too many wait, and those that wait are still taken', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const receipt = { seq: 1, duplicate: false, leased: false };
    const inbox = createInbox({ receive: () => promise.then(() => receipt) }, () => {});
    const delivery = {
      source: '/pagerduty/default',
      eventId: '1',
      type: 'pagerduty.pagey.ping',
      time: '2026-11-20T09:00:00.000Z',
      body: Buffer.alloc(0),
      actor: 'pagerduty',
      via: 'webhook',
    };
    const taken = Array.from({ length: 2_500 }, () => inbox.take(delivery));
    await expect(inbox.take(delivery)).rejects.toMatchObject({ status: 503, retryAfterSeconds: 1 });
    resolve();
    expect(await Promise.all(taken)).toHaveLength(2_500);
    expect(await inbox.take(delivery)).toEqual(receipt);
  });
});
