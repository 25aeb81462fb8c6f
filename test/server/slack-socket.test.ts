import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { simulatedAppToken } from '../../simulator/slack/world.ts';
import { clickBody, clickPayload, slackForm, slackSigned } from '../fixtures/slack-requests.ts';
import { eventually } from '../world.ts';
import { type Receiver, slackSecret, startReceiver, storeIsDown } from './receiver.ts';
import { heldStore, opens, press, start, startConnected, startedSlack } from './slack-socket.ts';

const post = (receiver: Receiver, path: string, body: Buffer, type = slackForm) =>
  receiver.post(path, body, slackSigned(body, slackSecret, { type }));
const asForm = (payload: object) => Buffer.from(new URLSearchParams({ ...payload }).toString());
const asJson = (payload: object) => Buffer.from(JSON.stringify(payload));

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

describe('while Temporal is away', () => {
  it('a button of the card is answered in words', async () => {
    const connected = await startConnected();
    const { slack, receiver } = connected;
    receiver.temporal.up = false;
    await press(connected, { ...clickPayload(), response_url: `${slack.url}/answer` });
    const told = await eventually('the answer', () => slack.calls.find(({ path }) => path === '/answer'));
    expect(JSON.parse(told.body)).toMatchObject({
      response_type: 'ephemeral',
      text: expect.stringContaining('this is recorded'),
    });
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
    const connection = await eventually('the connection', () => slack.sockets.open[0]);
    // It does not even say goodbye.
    connection.pause();
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
