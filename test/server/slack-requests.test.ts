import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wayTo } from '../../activities/http.ts';
import { longestBody } from '../../server/receiving/body.ts';
import { isSlacks } from '../../server/slack/respond.ts';
import { clickBody, clickPayload, slackForm, slackSigned } from '../fixtures/slack-requests.ts';
import { type Receiver, slackSecret, startReceiver, storeIsDown } from './receiver.ts';
import { startSlack } from './slack-answers.ts';

const interactivity = '/slack/interactivity';
const paths = [interactivity, '/slack/commands', '/slack/events'];
const typeOf = (path: string) => (path === '/slack/events' ? 'application/json' : slackForm);

const click = (receiver: Receiver, body: Uint8Array = clickBody()) =>
  receiver.post(interactivity, body, slackSigned(body, slackSecret));

async function postEvent(receiver: Receiver, value: unknown) {
  const body = Buffer.from(JSON.stringify(value));
  return receiver.post('/slack/events', body, slackSigned(body, slackSecret, { type: 'application/json' }));
}

describe.each(paths)('a request from Slack to %s', (path) => {
  const type = typeOf(path);
  const body = path === '/slack/events' ? Buffer.from('{"type":"event_callback"}') : clickBody();

  it('is taken with a good signature', async () => {
    const receiver = await startReceiver();
    expect((await receiver.post(path, body, slackSigned(body, slackSecret, { type }))).status).toBe(200);
  });

  it('gets 401 with a bad, a missing, an old or a future signature', async () => {
    const receiver = await startReceiver();
    const now = Math.floor(Date.now() / 1000);
    const good = slackSigned(body, slackSecret, { type });
    const refused = [
      slackSigned(body, 'another secret', { type }),
      slackSigned(Buffer.from('other bytes'), slackSecret, { type }),
      { 'content-type': type },
      { ...good, 'x-slack-signature': '' },
      { ...good, 'x-slack-signature': (good['x-slack-signature'] as string).replace('v0', 'v1') },
      { ...good, 'x-slack-request-timestamp': String(now - 1) },
      slackSigned(body, slackSecret, { type, at: now - 400 }),
      slackSigned(body, slackSecret, { type, at: now + 400 }),
    ];
    for (const headers of refused) expect((await receiver.post(path, body, headers)).status).toBe(401);
    expect(receiver.stored).toEqual([]);
  });

  it('gets 503 without a signing secret, with the name of the setting', async () => {
    const receiver = await startReceiver({ slackSigningSecret: undefined });
    const answer = await receiver.post(path, body, slackSigned(body, '', { type }));
    expect(answer.status).toBe(503);
    expect(answer.json.detail).toContain('SLACK_SIGNING_SECRET');
  });

  it('gets 415 as another type or compressed, 413 when too long', async () => {
    const receiver = await startReceiver();
    const post = (bytes: Uint8Array, headers: Record<string, string>) => receiver.post(path, bytes, headers);
    const good = slackSigned(body, slackSecret, { type });
    expect((await post(body, { ...good, 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(body, { ...good, 'content-encoding': 'gzip' })).status).toBe(415);
    const long = Buffer.alloc(longestBody + 1, 'x');
    expect((await post(long, slackSigned(long, slackSecret, { type }))).status).toBe(413);
  });

  it('is taken with a charset beside its type', async () => {
    const receiver = await startReceiver();
    const headers = slackSigned(body, slackSecret, { type: `${type}; charset=utf-8` });
    expect((await receiver.post(path, body, headers)).status).toBe(200);
  });
});

describe('a pressed button', () => {
  it.each([
    [true, 'You are told here when it is done.'],
    [false, 'this is recorded'],
  ])('of the card is answered in words, to whoever pressed it (Temporal is up: %s)', async (up, words) => {
    const slack = await startSlack();
    const receiver = await startReceiver({ apiUrl: `${slack.url}/api/` });
    receiver.temporal.up = up;
    await click(receiver, clickBody({ ...clickPayload(), response_url: slack.url }));
    await expect
      .poll(() => slack.heard)
      .toMatchObject([{ response_type: 'ephemeral', text: expect.stringContaining(words) }]);
  });

  it('is stored with its bytes, as who pressed what on which incident, and nothing more', async () => {
    const receiver = await startReceiver();
    const body = clickBody();
    const answer = await click(receiver, body);
    expect([answer.status, answer.text]).toEqual([200, '']);
    const event = {
      id: '1763629205.123456.U0ADA.acknowledge',
      source: '/slack/T0ACME',
      type: 'slack.action',
      subject: 'Q1ABCDEF2GHIJK',
      time: '2025-11-20T09:00:05.123Z',
      agent: { kind: 'person', id: 'U0ADA', name: 'ada' },
      data: {
        actionId: 'acknowledge',
        incidentId: 'Q1ABCDEF2GHIJK',
        user: { id: 'U0ADA', name: 'ada', teamId: 'T0ACME' },
        channelId: 'C0ROOM',
        messageTs: '1763629200.000100',
      },
    };
    expect(receiver.stored).toEqual([
      {
        source: event.source,
        eventId: event.id,
        type: event.type,
        subject: event.subject,
        lane: 'person:U0ADA',
        time: event.time,
        body,
        event,
        actor: 'slack:U0ADA',
        via: 'slack',
      },
    ]);
    expect(receiver.dispatched).toMatchObject([{ seq: 1, event }]);
  });

  it('twice is one click; by somebody else or at another time it is another', async () => {
    const receiver = await startReceiver();
    const others = [
      clickPayload(),
      clickPayload(),
      clickPayload({ user: { id: 'U0BOB' } }),
      clickPayload({}, { action_ts: '1763629206.000000' }),
      clickPayload({}, { action_id: 'resolve' }),
    ];
    for (const payload of others) expect((await click(receiver, clickBody(payload))).status).toBe(200);
    expect(receiver.stored).toHaveLength(4);
  });

  it.each([
    ['with a value that is no incident id', clickPayload({}, { value: 'Q1; drop' })],
    ['with a lower-case value', clickPayload({}, { value: 'q1' })],
    ['without a value', clickPayload({}, { value: undefined })],
    ['outside of a message', clickPayload({ container: { type: 'view' } })],
    ['without actions', clickPayload({ actions: [] })],
  ])('%s is none of ours: stored, answered 200, and it names no incident', async (_, payload) => {
    const receiver = await startReceiver();
    expect((await click(receiver, clickBody(payload))).status).toBe(200);
    expect(receiver.stored).toMatchObject([{ type: 'slack.block_actions', event: { data: {} } }]);
    expect(receiver.stored[0]?.subject).toBeUndefined();
  });

  it.each([
    ['that of the person', { user: { id: 'U0ADA', team_id: 7 } }],
    ['an empty one of the person', { user: { id: 'U0ADA', team_id: '' } }],
    ['that of the place', { team: 'T0ACME' }],
    ['that of the place, without an id', { team: {} }],
    ['both', { user: { id: 'U0ADA', team_id: {} }, team: { id: ['T0ACME'] } }],
  ])('is taken with a workspace that cannot be read, and names none: %s', async (_, odd) => {
    const receiver = await startReceiver();
    expect((await click(receiver, clickBody(clickPayload(odd)))).status).toBe(200);
    const user = { id: 'U0ADA', name: expect.any(String), teamId: '' };
    expect(receiver.dispatched).toMatchObject([{ event: { source: '/slack', type: 'slack.action' } }]);
    expect(receiver.stored).toMatchObject([{ event: { data: { user } } }]);
    expect(receiver.stored[0]?.event).not.toHaveProperty('data.user.homeTeamId');
  });

  it('of another kind of interaction is stored under its type', async () => {
    const receiver = await startReceiver();
    expect((await click(receiver, clickBody({ type: 'view_submission', token: 't' }))).status).toBe(200);
    expect(receiver.stored).toMatchObject([{ type: 'slack.view_submission', source: '/slack' }]);
    expect(JSON.stringify(receiver.dispatched)).not.toContain('token');
  });

  it.each([
    ['no payload', 'other=1'],
    ['no JSON', 'payload=%7B'],
    ['JSON without a type', 'payload=%7B%7D'],
    ['a payload that is nested too deep', `payload=${'['.repeat(1_000)}`],
    ['nothing', ''],
    ['bytes that are not UTF-8', Buffer.from([0x70, 0xff, 0xfe])],
  ])('that cannot be read is stored as unreadable and answered 200: %s', async (_, body) => {
    const receiver = await startReceiver();
    expect((await click(receiver, Buffer.from(body))).status).toBe(200);
    expect(receiver.stored).toMatchObject([{ unreadable: expect.any(String) }]);
    expect(receiver.dispatched).toEqual([]);
  });

  describe('that cannot be stored', () => {
    const told = {
      response_type: 'ephemeral',
      replace_original: false,
      text: expect.stringContaining('could not record this click'),
    };

    it.each([storeIsDown(), new Error('a fault')])(
      'is answered 200 with nothing, and Slack shows the person alone what happened: %s',
      async (failure) => {
        const slack = await startSlack();
        const receiver = await startReceiver({ apiUrl: `${slack.url}/api/` });
        receiver.failWith(failure);
        const answer = await click(receiver, clickBody(clickPayload({ response_url: slack.url })));
        expect([answer.status, answer.text]).toEqual([200, '']);
        await expect.poll(() => slack.heard).toEqual([told]);
        expect(receiver.log.join()).toContain('A click could not be stored');
        expect(receiver.log.join()).not.toContain('could not be told');
      },
    );

    it('is told by way of the network’s proxy', async () => {
      const asked: string[] = [];
      const proxy = createServer().on('connect', (request, socket) => {
        asked.push(request.url ?? '');
        socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void proxy.close());
      const env = { HTTPS_PROXY: `127.0.0.1:${(proxy.address() as AddressInfo).port}` };
      const receiver = await startReceiver({ wayToSlack: async (address) => wayTo(address, env) });
      receiver.failWith(storeIsDown());
      const response_url = 'https://hooks.slack.com/actions/T0/1/secret-part';
      expect((await click(receiver, clickBody(clickPayload({ response_url })))).status).toBe(200);
      await expect.poll(() => receiver.log.join()).toContain('could not be told');
      expect(asked).toEqual(['hooks.slack.com:443']);
      expect(receiver.log.join()).not.toContain('secret-part');
    });

    it.each([
      ['not Slack’s', (url: string) => url, undefined],
      ['not Slack’s, but looks like it', (url: string) => url.replace('//', '//hooks.slack.com@'), undefined],
      ['not of the API that is set', (url: string) => url, 'http://127.0.0.1:1/api/'],
      ['missing', () => undefined, undefined],
      ['none', () => 'somewhere', undefined],
    ])('is told to nobody at an address that is %s', async (_, addressOf, apiUrl) => {
      const slack = await startSlack();
      const receiver = await startReceiver({ apiUrl });
      receiver.failWith(storeIsDown());
      const payload = clickPayload({ response_url: addressOf(slack.url) });
      expect((await click(receiver, clickBody(payload))).status).toBe(200);
      await expect.poll(() => receiver.log.join()).toContain('could not be told');
      expect(slack.heard).toEqual([]);
    });

    it.each([
      ['refuses it', 404],
      ['points elsewhere', 302],
    ])('is logged without the address where Slack %s', async (_, status) => {
      const slack = await startSlack(status);
      const receiver = await startReceiver({ apiUrl: slack.url });
      receiver.failWith(storeIsDown());
      const payload = clickPayload({ response_url: `${slack.url}/actions/secret-part` });
      expect((await click(receiver, clickBody(payload))).status).toBe(200);
      await expect.poll(() => receiver.log.join()).toContain(`Slack answered ${status}`);
      expect(receiver.log.join()).not.toContain('secret-part');
      expect(slack.heard).toHaveLength(1);
    });
  });

  it('signed by a clock that is off leaves a warning in the log', async () => {
    const receiver = await startReceiver();
    const body = clickBody();
    const at = Math.floor(Date.now() / 1000) - 400;
    await receiver.post(interactivity, body, slackSigned(body, slackSecret, { at }));
    expect(receiver.log.join()).toContain('clock_skew');
  });

  it('is answered while Temporal is away', async () => {
    const receiver = await startReceiver();
    receiver.temporal.up = false;
    expect((await click(receiver)).status).toBe(200);
  });
});

describe('an address to answer to', () => {
  const official = 'https://slack.com/api/';
  const simulated = 'http://127.0.0.1:4711/api/';

  it.each([
    ['https://hooks.slack.com/actions/T1/2/x', official, true],
    ['https://hooks.slack-gov.com/actions/T1/2/x', 'https://slack-gov.com/api/', true],
    ['http://hooks.slack.com/actions/T1/2/x', official, false],
    ['https://hooks.slack.com:8443/actions', official, false],
    ['https://hooks.slack.com.evil.example/actions', official, false],
    ['https://evil.example/hooks.slack.com', official, false],
    ['http://127.0.0.1:4711/actions', simulated, true],
    ['http://127.0.0.1:4712/actions', simulated, false],
    ['https://hooks.slack.com/actions/T1/2/x', simulated, false],
    ['https://hooks.slack.com/actions', 'https://evilslack.com/api/', false],
    ['http://10.0.0.7/actions', 'http://10.0.0.7/api/', false],
    ['https://slack.example.com/actions', 'https://slack.example.com/api/', true],
  ])('%s with the API %s: %s', (address, api, isRight) => {
    expect(isSlacks(new URL(address), new URL(api))).toBe(isRight);
  });
});

describe('an event of Slack', () => {
  it('that verifies the address gets its challenge back and is not stored', async () => {
    const receiver = await startReceiver();
    const answer = await postEvent(receiver, { type: 'url_verification', token: 't', challenge: '3eZbrw1a' });
    expect(answer.json).toEqual({ challenge: '3eZbrw1a' });
    expect(receiver.stored).toEqual([]);
  });

  it('is stored under its type, once', async () => {
    const receiver = await startReceiver();
    const event = { type: 'event_callback', event_id: 'Ev0001', event: { type: 'app_home_opened' } };
    for (let times = 0; times < 2; times += 1) expect((await postEvent(receiver, event)).status).toBe(200);
    expect(receiver.stored).toMatchObject([{ eventId: 'Ev0001', type: 'slack.event.app_home_opened' }]);
  });

  it('that is not JSON gets 400; without a store 503, since Slack sends it again', async () => {
    const receiver = await startReceiver();
    const body = Buffer.from('{');
    const headers = slackSigned(body, slackSecret, { type: 'application/json' });
    expect((await receiver.post('/slack/events', body, headers)).status).toBe(400);
    receiver.failWith(storeIsDown());
    expect((await postEvent(receiver, { type: 'event_callback' })).status).toBe(503);
  });
});
