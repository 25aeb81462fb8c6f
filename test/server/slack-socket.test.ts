import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { ProxyAgent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AppOptions } from '../../server/app.ts';
import type { AnswerTo } from '../../server/slack/respond.ts';
import { type SlackSocket, startSlackSocket } from '../../server/slack/socket.ts';
import { isSlacksSocket } from '../../server/slack/socket-opening.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { slackSockets } from '../../simulator/slack/sockets.ts';
import { simulatedAppToken } from '../../simulator/slack/world.ts';
import { type SlackSimulator, slackSimulation, startSlack } from '../../simulator/slack.ts';
import { clickBody, clickPayload, slackForm, slackSigned } from '../fixtures/slack-requests.ts';
import { eventually } from '../world.ts';
import { type Receiver, slackSecret, startReceiver, storeIsDown } from './receiver.ts';

interface Connected {
  slack: SlackSimulator;
  receiver: Receiver;
  socket: SlackSocket;
}

async function startedSlack(): Promise<SlackSimulator> {
  const slack = await startSlack();
  onTestFinished(() => slack.close());
  return slack;
}

interface Given extends Partial<AnswerTo> {
  slack?: SlackSimulator;
  appToken?: string;
}

/** A server that connects to a simulated Slack by Socket Mode. It is not waited for. */
async function start({ appToken = simulatedAppToken, ...given }: Given = {}): Promise<Connected> {
  const slack = given.slack ?? (await startedSlack());
  const { apiUrl = `${slack.url}/api/`, wayToSlack } = given;
  let socket: SlackSocket | undefined;
  const overrides: Partial<AppOptions & AnswerTo> = {
    apiUrl,
    wayToSlack,
    slackSocketState: () => socket?.state(),
  };
  const receiver = await startReceiver(overrides);
  const { take, logger: log } = receiver;
  socket = startSlackSocket({ appToken, apiUrl, wayToSlack, take, log });
  onTestFinished(socket.stop);
  return { slack, receiver, socket };
}

const isUp = ({ socket }: Pick<Connected, 'socket'>) =>
  eventually('the socket to be up', () => socket.state().up);

async function startConnected(given?: Given): Promise<Connected> {
  const connected = await start(given);
  await isUp(connected);
  return connected;
}

const press = ({ slack }: Connected, payload: unknown = clickPayload()) =>
  slack.sockets.send({ type: 'interactive', payload });
const post = (receiver: Receiver, path: string, body: Buffer, type = slackForm) =>
  receiver.post(path, body, slackSigned(body, slackSecret, { type }));
const asForm = (payload: object) => Buffer.from(new URLSearchParams({ ...payload }).toString());
const asJson = (payload: object) => Buffer.from(JSON.stringify(payload));
const linesWith = ({ receiver }: Connected, words: string) =>
  receiver.log.filter((line) => line.includes(words));
const opens = ({ slack }: Pick<Connected, 'slack'>) =>
  slack.calls.filter(({ path }) => path.endsWith('/apps.connections.open')).length;

/** The store takes nothing until it is let: what came is at hand until then. */
function heldStore({ receiver }: Connected) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  receiver.holdUntil(promise, began.resolve);
  return { letGo: resolve, began: began.promise };
}

const command = {
  command: '/baton',
  text: 'ack Q1',
  user_id: 'U0ADA',
  trigger_id: '13345224609.738474920.a',
};
const event = { type: 'event_callback', event_id: 'Ev0001', event: { type: 'app_home_opened' } };

describe('what Slack says over the socket', () => {
  it('is stored as over HTTP, with the payload’s JSON as its bytes, and then acknowledged', async () => {
    const connected = await startConnected();
    const overHttp = await startReceiver();
    await post(overHttp, '/slack/interactivity', clickBody());
    expect(await press(connected)).toEqual({});
    const { stored, dispatched } = connected.receiver;
    expect(stored).toEqual([{ ...overHttp.stored[0], body: asJson(clickPayload()) }]);
    expect(dispatched).toMatchObject([{ seq: 1, event: { type: 'slack.action' } }]);
  });

  it.each([
    ['click', 'interactive', clickPayload(), '/slack/interactivity', clickBody(), slackForm],
    [
      'form',
      'interactive',
      { type: 'view_submission', view: { id: 'V1' }, trigger_id: '1' },
      '/slack/interactivity',
      // The order of keys is nobody's promise.
      clickBody({ trigger_id: '1', view: { id: 'V1' }, type: 'view_submission' }),
      slackForm,
    ],
    ['event', 'events_api', event, '/slack/events', asJson(event), 'application/json'],
  ] as const)(
    'counts once when it comes over both ways and twice: a %s',
    async (_, type, payload, path, body, media) => {
      const connected = await startConnected();
      const { receiver, slack } = connected;
      const send = () => slack.sockets.send({ type, payload });
      const answers = [await send(), (await post(receiver, path, body, media)).status, await send()];
      expect(answers).toEqual([{}, 200, {}]);
      expect(receiver.stored).toHaveLength(1);
    },
  );

  it('is answered beside the ack as over HTTP: a command', async () => {
    const connected = await startConnected();
    const overHttp = await post(connected.receiver, '/slack/commands', asForm(command));
    const answer = await connected.slack.sockets.send({ type: 'slash_commands', payload: command });
    expect(answer).toEqual(overHttp.json);
    expect(answer).toMatchObject({ response_type: 'ephemeral' });
  });

  it('is taken where HTTP is closed for want of a signing secret', async () => {
    const connected = await startConnected();
    const closed = await startReceiver({ slackSigningSecret: undefined });
    expect((await post(closed, '/slack/interactivity', clickBody())).status).toBe(503);
    expect(await press(connected)).toEqual({});
  });

  it('does not end the server, and keeps nothing else out, where it cannot be read', async () => {
    const connected = await startConnected();
    const [line] = connected.slack.sockets.open;
    const odd = [
      '{',
      'null',
      '[]',
      '"disconnect"',
      `{"type":"interactive","payload":${'['.repeat(1_000)}${']'.repeat(1_000)}}`,
      // Slack's own, which the SDK cannot read.
      JSON.stringify({ type: 'events_api', envelope_id: '1', payload: { type: 'app_rate_limited' } }),
      JSON.stringify({ type: 'unheard_of', envelope_id: '2', payload: {} }),
      JSON.stringify({ type: 'interactive', envelope_id: '3' }),
      Buffer.from('binary'),
    ];
    for (const frame of odd) line?.send(frame);
    expect(await press(connected)).toEqual({});
    expect(connected.slack.sockets.open[0] === line).toBe(true);
    expect(connected.receiver.stored.map(({ type }) => type)).toEqual(['slack.unknown', 'slack.action']);
  });
});

describe('while the store is away', () => {
  it('a click is acknowledged, and Slack shows the person alone what happened', async () => {
    const connected = await startConnected();
    const { receiver, slack } = connected;
    receiver.failWith(storeIsDown());
    const payload = clickPayload({ response_url: `${slack.url}/answer` });
    expect(await press(connected, payload)).toEqual({});
    const told = await eventually('the answer', () => slack.calls.find(({ path }) => path === '/answer'));
    expect(JSON.parse(told.body)).toMatchObject({
      response_type: 'ephemeral',
      text: expect.stringContaining('could not record this click'),
    });
  });

  it('an event gets no ack, and is stored when Slack sends it again', async () => {
    const connected = await startConnected();
    const { receiver, slack } = connected;
    receiver.failWith(storeIsDown());
    expect(await slack.sockets.send({ type: 'events_api', payload: event })).toBeUndefined();
    receiver.failWith(undefined);
    expect(await slack.sockets.send({ type: 'events_api', payload: event, retry: 1 })).toEqual({});
    expect(receiver.stored).toMatchObject([{ eventId: 'Ev0001' }]);
  });
});

describe('the connection', () => {
  it('shows in /readyz and in the metrics', async () => {
    const { receiver } = await startConnected();
    expect((await receiver.get('/readyz')).json).toMatchObject({
      status: 'ok',
      slackSocket: { state: 'up', since: expect.any(String) },
    });
    expect((await receiver.get('/metrics')).text).toContain('\nbaton_slack_socket_up 1\n');
  });

  it('is not named where there is none', async () => {
    const receiver = await startReceiver();
    expect((await receiver.get('/readyz')).json).not.toHaveProperty('slackSocket');
    expect((await receiver.get('/metrics')).text).not.toContain('baton_slack_socket_up');
  });

  it.each(['warning', 'refresh_requested'] as const)(
    'is replaced when Slack says so, without a gap that is told: %s',
    async (reason) => {
      const connected = await startConnected();
      const { sockets } = connected.slack;
      const [first] = sockets.open;
      sockets.dismiss(reason);
      await eventually('another one', () => sockets.open.length === 1 && sockets.open[0] !== first);
      expect(await press(connected)).toEqual({});
      expect(linesWith(connected, 'is not connected')).toEqual([]);
      expect(connected.socket.state().up).toBe(true);
    },
  );

  it('still acknowledges what it had at hand when Slack dismissed it', async () => {
    const connected = await startConnected();
    const { sockets } = connected.slack;
    const { letGo, began } = heldStore(connected);
    const ack = press(connected);
    await began;
    sockets.dismiss('warning');
    await eventually('another one', () => sockets.open.length === 2);
    letGo();
    expect(await ack).toEqual({});
    await eventually('the first to close', () => sockets.open.length === 1);
  });

  it('is opened again after it was cut, which is told', async () => {
    const connected = await startConnected();
    const { sockets } = connected.slack;
    const [first] = sockets.open;
    first?.terminate();
    await eventually('another one', () => sockets.open.length === 1 && sockets.open[0] !== first);
    await isUp(connected);
    expect(linesWith(connected, 'the connection was closed')).toHaveLength(1);
    expect(linesWith(connected, 'Slack is connected')).toHaveLength(2);
    expect(await press(connected)).toEqual({});
  });

  it('is told to be missing where Socket Mode is switched off in the app', async () => {
    const connected = await startConnected();
    connected.slack.fail({ kind: 'status', status: 500, match: 'connections.open', times: 100 });
    connected.slack.sockets.dismiss('link_disabled');
    await eventually('the reason', () => linesWith(connected, 'Socket Mode is switched off')[0]);
    expect((await connected.receiver.get('/metrics')).text).toContain('\nbaton_slack_socket_up 0\n');
  });

  it('comes when Slack does, which is away at the start', async () => {
    const earlier = await startSlack();
    const { port } = new URL(earlier.url);
    await earlier.close();
    const connected = await start({ apiUrl: `http://127.0.0.1:${port}/api/` });
    await eventually('the reason', () => connected.socket.state().reason?.includes('ECONNREFUSED'));
    const sockets = slackSockets();
    const late = await startSimulator(slackSimulation(sockets), { port: Number(port) });
    onTestFinished(() => late.close());
    await isUp(connected);
    expect(await sockets.send({ type: 'interactive', payload: clickPayload() })).toEqual({});
    expect(linesWith(connected, 'is not connected')).toHaveLength(1);
  });

  it.each([
    ['answers 503', { kind: 'status', status: 503 }, 'Slack answered 503'],
    ['limits the rate', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }, 'limits the rate'],
    ['cuts the call', { kind: 'cut' }, 'Slack cannot be reached'],
    ['answers no JSON', { kind: 'status', status: 200, body: '<html>' }, 'cannot be read'],
    ['names no address', { kind: 'status', status: 200, body: '{"ok":true}' }, 'a fault'],
    [
      'is not ready for it',
      { kind: 'status', status: 200, body: '{"ok":false,"error":"internal_error"}' },
      'Slack refused it (internal_error)',
    ],
  ] as const)('comes at a later try where Slack first %s', async (_, fault, reason) => {
    const slack = await startedSlack();
    slack.fail({ ...fault, match: 'apps.connections.open' });
    const began = performance.now();
    const connected = await startConnected({ slack });
    expect(linesWith(connected, 'is not connected')).toEqual([expect.stringContaining(reason)]);
    if (reason === 'limits the rate') expect(performance.now() - began).toBeGreaterThan(950);
  });

  it('comes at a later try where the address is used up already', async () => {
    const slack = await startedSlack();
    const used = { ok: true, url: `${slack.url.replace('http', 'ws')}/link/?ticket=none` };
    slack.fail({ kind: 'status', status: 200, body: JSON.stringify(used), match: 'connections.open' });
    const connected = await startConnected({ slack });
    expect(linesWith(connected, 'ended before Slack greeted')).toHaveLength(1);
  });

  it('goes through the network’s proxy: the question for the address, and the socket', async () => {
    const slack = await startedSlack();
    const asked: string[] = [];
    const proxy = createServer().on('connect', ({ url = '' }, client) => {
      asked.push(url);
      const server = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        server.pipe(client).pipe(server);
      });
      for (const end of [client, server]) end.on('error', () => {});
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void proxy.close());
    const uri = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const agent = new ProxyAgent({ uri, proxyTunnel: true });
    onTestFinished(() => agent.destroy());
    const ways: string[] = [];
    const wayToSlack = async (address: string) => {
      ways.push(address);
      return agent;
    };
    const connected = await startConnected({ slack, wayToSlack });
    expect(await press(connected)).toEqual({});
    expect(new Set(asked)).toEqual(new Set([new URL(slack.url).host]));
    expect(asked).toHaveLength(2);
    expect(new Set(ways)).toEqual(new Set([`${slack.url}/api/`]));
  });
});

describe('a token that Slack refuses', () => {
  it('is told once, in the log and in /readyz, and is tried again', async () => {
    const slack = await startedSlack();
    const appToken = 'xapp-1-A0WRONG-secret-part';
    const connected = await start({ slack, appToken });
    await eventually('a second try', () => opens(connected) > 1);
    const { status, json } = await connected.receiver.get('/readyz');
    expect([status, json.slackSocket]).toEqual([
      200,
      { state: 'down', since: expect.any(String), reason: expect.stringContaining('SLACK_APP_TOKEN') },
    ]);
    expect(linesWith(connected, 'SLACK_APP_TOKEN')).toEqual([expect.stringContaining('"level":40')]);
    slack.world.appToken = appToken;
    await isUp(connected);
    expect(connected.receiver.log.join()).not.toContain('secret-part');
  });
});

describe('an address that was handed out', () => {
  const official = 'https://slack.com/api/';
  const simulated = 'http://127.0.0.1:4711/api/';

  it.each([
    ['wss://wss-primary.slack.com/link/?ticket=1', official, true],
    ['wss://wss-backup.slack.com/link/?ticket=1', official, true],
    ['wss://wss-primary.slack-gov.com/link/', 'https://slack-gov.com/api/', true],
    ['ws://wss-primary.slack.com/link/', official, false],
    ['https://wss-primary.slack.com/link/', official, false],
    ['wss://wss-primary.slack.com:8443/link/', official, false],
    ['wss://evilslack.com/link/', official, false],
    ['wss://slack.com.evil.example/link/', official, false],
    ['wss://wss-primary.slack.com@evil.example/link/', official, false],
    ['ws://127.0.0.1:4711/link/', simulated, true],
    ['ws://127.0.0.1:4712/link/', simulated, false],
    ['wss://127.0.0.1:4711/link/', simulated, false],
    ['wss://wss-primary.slack.com/link/', simulated, false],
    ['ws://10.0.0.7/link/', 'http://10.0.0.7/api/', false],
    ['wss://slack.example.com/link/', 'https://slack.example.com/api/', true],
  ])('%s with the API %s: %s', (address, api, isRight) => {
    expect(isSlacksSocket(new URL(address), new URL(api))).toBe(isRight);
  });

  it('gets nothing, not even a connection, where it is not Slack’s', async () => {
    const other = await startedSlack();
    const slack = await startedSlack();
    const forged = JSON.stringify({
      ok: true,
      url: other.sockets.newAddress(new URL(other.url).host),
    });
    slack.fail({ kind: 'status', status: 200, body: forged, match: 'connections.open' });
    const connected = await startConnected({ slack });
    expect(linesWith(connected, 'not Slack’s')).toHaveLength(1);
    expect([other.calls.length, other.sockets.open.length, slack.sockets.open.length]).toEqual([0, 0, 1]);
  });
});

describe('told to stop', () => {
  it('finishes what is at hand, and closes', async () => {
    const connected = await startConnected();
    const { letGo, began } = heldStore(connected);
    const ack = press(connected);
    await began;
    const stopped = connected.socket.stop();
    letGo();
    expect(await ack).toEqual({});
    await stopped;
    await eventually('the socket to be closed', () => connected.slack.sockets.open.length === 0);
    expect(opens(connected)).toBe(1);
  });

  it('waits for neither a silent Slack nor a store that hangs', async () => {
    const connected = await startConnected();
    const { began } = heldStore(connected);
    void press(connected);
    await began;
    connected.slack.sockets.open[0]?.pause();
    const before = performance.now();
    await connected.socket.stop();
    expect(performance.now() - before).toBeLessThan(7_000);
  });

  it('leaves nothing behind: a process in which that was all ends by itself', async () => {
    const slack = await startedSlack();
    const program = `
      import pino from 'pino';
      import { startSlackSocket } from './server/slack/socket.ts';
      const apiUrl = '${slack.url}/api/';
      const take = async () => ({});
      const log = pino({ level: 'silent' });
      const socket = startSlackSocket({ appToken: '${simulatedAppToken}', apiUrl, wayToSlack: undefined, take, log });
      process.once('message', async () => {
        await socket.stop();
        process.disconnect();
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    onTestFinished(() => void child.kill());
    await eventually('the connection', () => slack.sockets.open[0]);
    child.send('stop');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it.each([
    ['answers', { kind: 'hang' }],
    ['is to be asked again', { kind: 'status', status: 503, times: 100 }],
  ] as const)('does not wait until Slack %s', async (_, fault) => {
    const slack = await startedSlack();
    slack.fail({ ...fault, match: 'connections.open' });
    const connected = await start({ slack });
    await eventually('a try', () => opens(connected) > 0);
    await connected.socket.stop();
    expect(connected.socket.state().up).toBe(false);
  });
});
