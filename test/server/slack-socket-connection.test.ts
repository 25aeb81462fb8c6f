import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { ProxyAgent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isSlacksSocket } from '../../server/slack/socket-opening.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { slackSockets } from '../../simulator/slack/sockets.ts';
import { slackSimulation, startSlack } from '../../simulator/slack.ts';
import { clickPayload } from '../fixtures/slack-requests.ts';
import { eventually } from '../world.ts';
import { startReceiver } from './receiver.ts';
import {
  heldStore,
  isUp,
  linesWith,
  opens,
  press,
  start,
  startConnected,
  startedSlack,
} from './slack-socket.ts';

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
