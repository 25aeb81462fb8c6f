import { describe, expect, it } from 'vitest';
import { longestBody } from '../../server/receiving/body.ts';
import { signed, unknownWith, webhookBody } from '../fixtures/webhooks.ts';
import { secret, sendSigned, startReceiver, storeIsDown, webhookPath } from './receiver.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('a PagerDuty webhook that is refused', () => {
  it('without a configured secret gets 503 with the name of the setting, whatever it is', async () => {
    const receiver = await startReceiver({ pagerDutySecrets: [] });
    const body = webhookBody('incident.triggered');
    for (const headers of [{}, signed(body, secret), signed(body, ''), { 'content-type': 'text/plain' }]) {
      const answer = await receiver.post(webhookPath, body, headers);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('60');
      expect(answer.json.detail).toContain('PAGERDUTY_WEBHOOK_SECRETS');
    }
    expect(receiver.stored).toEqual([]);
  });

  it('is told of the first thing that is wrong, in a fixed order', async () => {
    const closed = await startReceiver({ pagerDutySecrets: [] });
    const receiver = await startReceiver();
    const long = Buffer.alloc(longestBody + 1, '[');
    const deep = Buffer.concat([Buffer.from('['.repeat(65)), Buffer.from([0xff])]);
    const type = { 'content-type': 'text/plain' };
    const foreign = signed(deep, 'foreign');
    const malformed = { 'content-type': 'application/json', 'x-pagerduty-signature': 'v2=0' };
    expect((await closed.post(webhookPath, long, type)).status).toBe(503);
    expect((await receiver.post(webhookPath, long, type)).status).toBe(415);
    expect((await receiver.post(webhookPath, long, malformed)).status).toBe(413);
    expect((await receiver.post(webhookPath, deep, malformed)).json.title).toBe('No signature');
    expect((await receiver.post(webhookPath, deep, foreign)).status).toBe(403);
    expect((await sendSigned(receiver, deep)).json.title).toBe('Not UTF-8');
    expect((await sendSigned(receiver, deep.subarray(0, -1))).json.title).toBe('Nested too deep');
    expect((await sendSigned(receiver, deep.subarray(2, -1))).json.title).toBe('Not JSON');
    receiver.failWith(storeIsDown());
    expect((await sendSigned(receiver, '[]')).json.title).toBe('Not an object');
    expect((await sendSigned(receiver, '{}')).status).toBe(503);
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
    expect((await receiver.post(webhookPath, body, { 'content-type': 'application/json' })).status).toBe(400);
  });

  it('of version 2, which is not signed, gets 400 and a line in the log', async () => {
    const receiver = await startReceiver();
    const headers = { 'content-type': 'application/json', 'user-agent': 'PagerDuty-Webhook/V2.0' };
    expect((await receiver.post(webhookPath, json({ messages: [] }), headers)).status).toBe(400);
    expect(receiver.log.join()).toContain('No signature');
  });

  it('with signatures that do not match gets 403 and a warning', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    const eleven = [...Array(10).fill('foreign'), secret];
    for (const secrets of [['foreign'], ['foreign', 'another'], eleven])
      expect((await receiver.post(webhookPath, body, signed(body, ...secrets))).status).toBe(403);
    expect(receiver.log.join()).toContain('"level":40');
  });

  it('with other bytes than were signed gets 403', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    const rewritten = Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 1));
    const flipped = Buffer.from(body);
    flipped.writeUInt8(flipped.readUInt8(40) ^ 1, 40);
    for (const other of [rewritten, flipped, body.subarray(1), Buffer.alloc(0)])
      expect((await receiver.post(webhookPath, other, signed(body, secret))).status).toBe(403);
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
    const answer = await receiver.post(webhookPath, body, signed(body, 'foreign'));
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.json).toEqual({
      type: 'about:blank',
      title: 'Signature does not match',
      status: 403,
      detail: expect.stringContaining('PAGERDUTY_WEBHOOK_SECRETS'),
      instance: webhookPath,
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(receiver.log.join()).toContain(String(answer.json.requestId));
    expect(answer.text + receiver.log.join()).not.toContain(secret);
  });
});
