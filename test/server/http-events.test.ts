import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { longestBody } from '../../server/receiving/body.ts';
import { type Receiver, startReceiver, storeIsDown } from './receiver.ts';

const secret = 'a secret of shop-ci';
const base64Secret = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const token = 'a-token-of-monitoring';
const known: Record<string, Record<string, string>> = {
  'shop-ci': { HTTP_WEBHOOK_SECRETS: `older, ${secret}` },
  standard: { HTTP_WEBHOOK_SECRETS: `whsec_${base64Secret}` },
  monitoring: { HTTP_WEBHOOK_TOKENS: `older,${token}`, HTTP_WEBHOOK_FORMAT: 'alertmanager' },
  plain: { HTTP_WEBHOOK_TOKENS: token },
  both: { HTTP_WEBHOOK_SECRETS: secret, HTTP_WEBHOOK_TOKENS: token },
  github: { HTTP_WEBHOOK_SECRETS: secret, HTTP_WEBHOOK_FORMAT: 'github' },
  open: {},
};
const connections = {
  async settingsOf(provider: string, name: string) {
    const values = Object.hasOwn(known, name) ? known[name] : undefined;
    return provider === 'http' && values ? { values, version: '1' } : undefined;
  },
};
const start = () => startReceiver({ connections });

const json = { 'content-type': 'application/json' };
const bearing = (given: string) => ({ authorization: `Bearer ${given}` });
const byGitHub = (body: string, by = secret) => ({
  'x-hub-signature-256': `sha256=${createHmac('sha256', by).update(body).digest('hex')}`,
});
/** The signature is made by the words of the specification, from the bytes of the key. */
const byStandard = (body: string, { at = Date.now(), key = Buffer.from(base64Secret, 'base64') } = {}) => {
  const seconds = Math.floor(at / 1000);
  const signature = createHmac('sha256', key).update(`msg_1.${seconds}.${body}`).digest('base64');
  return {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1a,other v1,${signature}`,
  };
};
const post = (receiver: Receiver, name: string, body: string, headers: Record<string, string>) =>
  receiver.post(`/webhooks/http/${name}`, body, { ...json, ...headers });

const cloudEvent = (changes: Record<string, unknown> = {}) => ({
  specversion: '1.0',
  id: '17',
  source: 'https://ci.example.com/shop',
  type: 'com.example.build.failed',
  subject: 'main',
  time: '2026-11-20T10:00:00+01:00',
  stage: 'test',
  data: { exit: 1 },
  ...changes,
});
const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
const batch = { 'content-type': 'application/cloudevents-batch+json' };

describe('a source of a team’s own', () => {
  it('has its JSON stored before it is answered, and the same bytes are the same event', async () => {
    const receiver = await start();
    const body = JSON.stringify({ job: 'nightly', ok: false });
    const first = await post(receiver, 'shop-ci', body, byGitHub(body));
    expect(first.status).toBe(202);
    const [told] = first.json.events as { id: string }[];
    expect(told).toEqual({ id: expect.stringMatching(/^sha256:/), seq: 1, duplicate: false });
    expect(receiver.stored).toMatchObject([
      {
        source: '/http/shop-ci',
        type: 'http.shop-ci',
        actor: 'http',
        event: { source: '/http/shop-ci', data: { body: { job: 'nightly', ok: false } } },
      },
    ]);
    expect(receiver.stored[0]?.subject).toBeUndefined();
    const again = await post(receiver, 'shop-ci', body, byGitHub(body));
    expect(again.json.events).toEqual([{ id: told?.id, seq: 1, duplicate: true }]);
  });

  it('tells the same words at two times by the id of the delivery, where that is shown to be its own', async () => {
    const receiver = await start();
    const send = async (name: string, headers: Record<string, string>, id: string) =>
      (await post(receiver, name, '{"ok":false}', { ...headers, 'webhook-id': id })).json.events;
    const bearer = bearing(token);
    expect(await send('plain', bearer, 'night-1')).toMatchObject([{ id: 'night-1', duplicate: false }]);
    expect(await send('plain', bearer, 'night-1')).toMatchObject([{ id: 'night-1', duplicate: true }]);
    expect(await send('plain', bearer, 'night-2')).toMatchObject([{ id: 'night-2', duplicate: false }]);
    // This signature is of the body alone.
    const signed = byGitHub('{"ok":false}');
    for (const more of [{}, { 'webhook-signature': 'v1,none', 'webhook-timestamp': '1' }])
      expect(await send('shop-ci', { ...signed, ...more }, 'night-1')).toMatchObject([
        { id: expect.stringMatching(/^sha256:/) },
      ]);
    const standard = byStandard('{"ok":false}');
    expect(await send('standard', standard, 'msg_1')).toMatchObject([{ id: 'msg_1', duplicate: false }]);
  });

  it('may name its deliveries by other headers, too, where it bears a token', async () => {
    const receiver = await start();
    const send = async (headers: Record<string, string>) =>
      (await post(receiver, 'plain', '{"ok":false}', { ...bearing(token), ...headers })).json.events;
    expect(await send({ 'idempotency-key': '"of-gitlab-1"' })).toMatchObject([{ id: 'of-gitlab-1' }]);
    expect(await send({ 'x-github-delivery': '72d3162e' })).toMatchObject([{ id: '72d3162e' }]);
    expect(await send({ 'x-github-delivery': '72d3162e' })).toMatchObject([{ duplicate: true }]);
    expect(await send({ 'idempotency-key': 'no id at all' })).toMatchObject([
      { id: expect.stringMatching(/^sha256:/) },
    ]);
  });

  it('may say the same of one thing again once it has said something else of it', async () => {
    const receiver = await start();
    const say = async (status: string) => {
      const body = JSON.stringify({ subject: 'disk', status });
      const { json: answer } = await post(receiver, 'plain', body, bearing(token));
      return (answer.events as { duplicate: boolean }[])[0]?.duplicate;
    };
    const said = [];
    for (const status of ['firing', 'firing', 'ok', 'firing', 'firing']) said.push(await say(status));
    expect(said).toEqual([false, true, false, false, true]);
  });

  it('signs as Standard Webhooks has it, with a key in base64', async () => {
    const receiver = await start();
    expect((await post(receiver, 'standard', '{}', byStandard('{}'))).status).toBe(202);
    const asText = byStandard('{}', { key: Buffer.from(base64Secret) });
    expect((await post(receiver, 'standard', '{}', asText)).status).toBe(403);
  });

  it('may sign with the package standardwebhooks', async () => {
    const receiver = await start();
    const body = '{"text":"\u00fcber \\n"}';
    const at = new Date();
    const headers = {
      'webhook-id': 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    };
    const signed = (secret: string) => new Webhook(secret).sign(headers['webhook-id'], at, body);
    const send = (signature: string) =>
      post(receiver, 'standard', body, { ...headers, 'webhook-signature': signature });
    const [other, own] = [signed('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'), signed(`whsec_${base64Secret}`)];
    expect((await send(other)).status).toBe(403);
    expect((await send(`${other} ${own}`)).json.events).toMatchObject([{ id: headers['webhook-id'] }]);
  });

  it('has to sign anew after five minutes', async () => {
    const receiver = await start();
    for (const minutes of [-6, 6]) {
      const headers = byStandard('{}', { at: Date.now() + minutes * 60_000 });
      const answer = await post(receiver, 'standard', '{}', headers);
      expect(answer).toMatchObject({ status: 403, json: { title: 'Signature too old' } });
    }
    expect(receiver.stored).toEqual([]);
  });

  it('that signs and bears a token is taken with both alone', async () => {
    const receiver = await start();
    expect((await post(receiver, 'both', '{}', byGitHub('{}'))).status).toBe(400);
    expect((await post(receiver, 'both', '{}', bearing(token))).status).toBe(400);
    expect((await post(receiver, 'both', '{}', { ...bearing('other'), ...byGitHub('{}') })).status).toBe(403);
    expect((await post(receiver, 'both', '{}', { ...bearing(token), ...byGitHub('{}') })).status).toBe(202);
  });

  it.each<[string, string, Record<string, string>, number]>([
    ['without a signature', 'shop-ci', {}, 400],
    ['with a signature of another form', 'shop-ci', { 'x-hub-signature-256': 'sha256=abc' }, 400],
    ['with the signature of other bytes', 'shop-ci', byGitHub('{"a":1}'), 403],
    ['with a token in place of a signature', 'shop-ci', bearing(secret), 400],
    ['without a token', 'monitoring', {}, 400],
    ['with another token', 'monitoring', bearing('another'), 403],
    ['with an empty token', 'monitoring', { authorization: 'Bearer ' }, 403],
    ['of a source without any proof', 'open', bearing(''), 503],
    ['of the source default, which has none', 'default', bearing(token), 503],
    ['of an unknown source', 'other', byGitHub('{}'), 404],
    ['of a name out of a prototype', 'constructor', byGitHub('{}'), 404],
    ['that is no JSON', 'shop-ci', { ...byGitHub('{}'), 'content-type': 'text/plain' }, 415],
  ])('refuses a request %s', async (_, name, headers, status) => {
    const receiver = await start();
    const answer = await post(receiver, name, '{}', headers);
    expect({ status: answer.status, stored: receiver.stored }).toEqual({ status, stored: [] });
  });

  it('is told by 503 that the store is away, and by 413 that it sends too much', async () => {
    const receiver = await start();
    const large = JSON.stringify({ text: 'x'.repeat(longestBody) });
    expect((await post(receiver, 'shop-ci', large, byGitHub(large))).status).toBe(413);
    receiver.failWith(storeIsDown());
    expect((await post(receiver, 'shop-ci', '{}', byGitHub('{}'))).status).toBe(503);
  });
});

describe('a CloudEvent', () => {
  it('in structured mode is filed under its source and subject, never under an incident', async () => {
    const receiver = await start();
    const body = JSON.stringify(cloudEvent({ subject: 'Q1DWGPWQ3Y9XJR' }));
    const answer = await post(receiver, 'shop-ci', body, { ...structured, ...byGitHub(body) });
    expect(answer.json.events).toEqual([{ id: 'https://ci.example.com/shop 17', seq: 1, duplicate: false }]);
    expect(receiver.stored).toMatchObject([
      {
        type: 'http.shop-ci',
        subject: 'http/shop-ci/https://ci.example.com/shop Q1DWGPWQ3Y9XJR',
        time: '2026-11-20T09:00:00.000Z',
        event: {
          data: {
            type: 'com.example.build.failed',
            source: 'https://ci.example.com/shop',
            extensions: { stage: 'test' },
            body: { exit: 1 },
          },
        },
      },
    ]);
  });

  it('in binary mode has its attributes in headers, and needs a token, since no signature covers them', async () => {
    const receiver = await start();
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': '18',
      'ce-source': '/shop',
      'ce-type': 'build.done',
      'ce-subject': 'Zo%C3%AB',
      'ce-stage': 'test',
    };
    const answer = await post(receiver, 'monitoring', '{"exit":0}', { ...headers, ...bearing(token) });
    expect(answer.status).toBe(202);
    expect(receiver.stored).toMatchObject([
      {
        eventId: '/shop 18',
        type: 'http.monitoring',
        event: {
          data: { type: 'build.done', subject: 'Zoë', extensions: { stage: 'test' }, body: { exit: 0 } },
        },
      },
    ]);
    const signed = await post(receiver, 'shop-ci', '{}', { ...headers, ...byGitHub('{}') });
    expect(signed).toMatchObject({ status: 400, json: { title: 'Attributes not signed' } });
  });

  it('of a batch is an event of its own; a batch that is sent again makes none twice', async () => {
    const receiver = await start();
    const body = JSON.stringify([
      cloudEvent(),
      cloudEvent({ id: '18' }),
      cloudEvent({ id: '17', source: '/b' }),
    ]);
    const send = () => post(receiver, 'shop-ci', body, { ...batch, ...byGitHub(body) });
    expect((await send()).json.events).toHaveLength(3);
    expect(receiver.stored.map(({ eventId }) => eventId)).toEqual([
      'https://ci.example.com/shop 17',
      'https://ci.example.com/shop 18',
      '/b 17',
    ]);
    const again = (await send()).json.events as { duplicate: boolean }[];
    expect(again.map(({ duplicate }) => duplicate)).toEqual([true, true, true]);
    const none = await post(receiver, 'shop-ci', '[]', { ...batch, ...byGitHub('[]') });
    expect(none).toMatchObject({ status: 202, json: { events: [] } });
  });

  it.each<[string, unknown]>([
    ['without an id', cloudEvent({ id: undefined })],
    ['with an empty source', cloudEvent({ source: '' })],
    ['of another version', cloudEvent({ specversion: '2.0' })],
    ['with a time that is none', cloudEvent({ time: 'yesterday' })],
    ['that is a list', [cloudEvent()]],
  ])('%s is refused with what is wrong', async (_, event) => {
    const receiver = await start();
    const body = JSON.stringify(event);
    const answer = await post(receiver, 'shop-ci', body, { ...structured, ...byGitHub(body) });
    expect(answer).toMatchObject({ status: 400, json: { title: 'Not a CloudEvent' } });
    expect(receiver.stored).toEqual([]);
  });
});

describe('a monitor', () => {
  const alert = (changes = {}) => ({
    status: 'firing',
    labels: { alertname: 'CheckoutErrorRate', service: 'checkout' },
    annotations: {},
    startsAt: '2026-11-20T09:00:00.000Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'https://prometheus.example.com/graph',
    fingerprint: 'c4ca4238a0b92382',
    ...changes,
  });
  const send = (receiver: Receiver, ...alerts: object[]) =>
    post(receiver, 'monitoring', JSON.stringify({ version: '4', alerts }), bearing(token));

  it('tells each alert once, however often it repeats it, and anew when it fires again', async () => {
    const receiver = await start();
    await send(receiver, alert(), alert({ fingerprint: 'b' }));
    await send(
      receiver,
      alert(),
      alert({ status: 'resolved', fingerprint: 'b', endsAt: '2026-11-20T09:05:00Z' }),
    );
    await send(receiver, alert({ startsAt: '2026-11-20T10:00:00.000Z' }));
    expect(receiver.stored.map(({ type, subject, time }) => [type, subject, time])).toEqual([
      ['alertmanager.alert.firing', 'http/monitoring/c4ca4238a0b92382', '2026-11-20T09:00:00.000Z'],
      ['alertmanager.alert.firing', 'http/monitoring/b', '2026-11-20T09:00:00.000Z'],
      ['alertmanager.alert.resolved', 'http/monitoring/b', '2026-11-20T09:05:00.000Z'],
      ['alertmanager.alert.firing', 'http/monitoring/c4ca4238a0b92382', '2026-11-20T10:00:00.000Z'],
    ]);
  });

  it('is told from a repeat by ids in its bytes: the store is asked about no words, and parks no alert twice', async () => {
    const receiver = await start();
    for (const _ of ['first', 'again']) await send(receiver, { status: 'odd' }, { status: 'odder' }, alert());
    expect(receiver.stored.map(({ unreadable }) => unreadable !== undefined)).toEqual([true, true, false]);
    expect(receiver.worded).toEqual([]);
  });

  it('with one alert that cannot be read loses no other, and that one is parked', async () => {
    const receiver = await start();
    expect((await send(receiver, { status: 'odd' }, alert())).status).toBe(202);
    expect(receiver.stored.map(({ type, unreadable }) => [type, unreadable !== undefined])).toEqual([
      ['alertmanager.unknown', true],
      ['alertmanager.alert.firing', false],
    ]);
  });
});

describe('a monitor that tells of too many alerts at once', () => {
  it('loses none of them: they are kept together and parked, with what to do', async () => {
    const receiver = await start();
    const body = JSON.stringify({ alerts: Array.from({ length: 1_001 }, () => ({})) });
    expect((await post(receiver, 'monitoring', body, bearing(token))).status).toBe(202);
    expect(receiver.stored).toMatchObject([
      { type: 'alertmanager.unknown', unreadable: expect.stringContaining('set the receiver') },
    ]);
    expect(Buffer.from(receiver.stored[0]?.body ?? []).toString()).toBe(body);
  });
});

describe('GitHub', () => {
  it('is read by its bytes: the header that names the event is not signed', async () => {
    const receiver = await start();
    const body = JSON.stringify({
      action: 'opened',
      issue: { id: 1 },
      repository: { full_name: 'acme/shop' },
    });
    await post(receiver, 'github', body, { ...byGitHub(body), 'x-github-event': 'deployment_status' });
    const ping = JSON.stringify({ zen: 'Keep it simple.', hook_id: 1 });
    await post(receiver, 'github', ping, byGitHub(ping));
    expect(receiver.stored.map(({ type }) => type)).toEqual(['github.other', 'github.ping']);
    expect(receiver.worded).toHaveLength(2);
    const told = JSON.stringify({ deployment_status: {} });
    await post(receiver, 'github', told, byGitHub(told));
    expect(receiver.worded).toHaveLength(2);
  });

  it('names each delivery; a copy of one under another name is none that is new', async () => {
    const receiver = await start();
    const send = async (delivery: string) => {
      const headers = { ...byGitHub('{"zen":"x"}'), 'x-github-delivery': delivery };
      return (await post(receiver, 'github', '{"zen":"x"}', headers)).json.events;
    };
    expect(await send('72d3162e-cc78')).toEqual([{ id: '72d3162e-cc78', seq: 1, duplicate: false }]);
    expect(await send('another')).toEqual([{ id: '72d3162e-cc78', seq: 1, duplicate: true }]);
  });
});
