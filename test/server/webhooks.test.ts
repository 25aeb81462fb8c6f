import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { longestBody } from '../../server/receiving/body.ts';
import { signed, unknownWith, webhookBody, webhookJson, wireData } from '../fixtures/webhooks.ts';
import { olderSecret, secret, sendSigned, startReceiver, webhookPath } from './receiver.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

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
    expect((await receiver.post(`${webhookPath}/default`, body, signed(body, secret))).status).toBe(202);
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
      expect((await receiver.post(webhookPath, body, signed(body, ...secrets))).status).toBe(202);
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
    const answer = await fetch(receiver.url + webhookPath, {
      method: 'POST',
      body: new Uint8Array(body),
      headers,
    });
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
      const answer = await fetch(receiver.url + webhookPath, {
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
    const incident_role_assignments = [{ incident: { id: 'Q1ABCDEF2GHIJK' }, role: 7 }];
    const body = webhookBody('incident.role.assigned', { incident_role_assignments });
    expect((await sendSigned(receiver, body)).status).toBe(202);
    expect(receiver.stored[0]).toMatchObject({
      type: 'pagerduty.incident.role.assigned',
      subject: 'Q1ABCDEF2GHIJK',
      unreadable: expect.stringContaining('incident_role_assignments'),
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
