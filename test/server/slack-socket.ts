import { onTestFinished } from 'vitest';
import type { AppOptions } from '../../server/app.ts';
import type { AnswerTo } from '../../server/slack/respond.ts';
import { type SlackSocket, startSlackSocket } from '../../server/slack/socket.ts';
import { simulatedAppToken } from '../../simulator/slack/world.ts';
import { type SlackSimulator, startSlack } from '../../simulator/slack.ts';
import { clickPayload } from '../fixtures/slack-requests.ts';
import { eventually } from '../world.ts';
import { type Receiver, startReceiver } from './receiver.ts';

export interface Connected {
  slack: SlackSimulator;
  receiver: Receiver;
  socket: SlackSocket;
}

export async function startedSlack(): Promise<SlackSimulator> {
  const slack = await startSlack();
  onTestFinished(() => slack.close());
  return slack;
}

interface Given extends Partial<AnswerTo> {
  slack?: SlackSimulator;
  appToken?: string;
}

/** A server that connects to a simulated Slack by Socket Mode. It is not waited for. */
export async function start({ appToken = simulatedAppToken, ...given }: Given = {}): Promise<Connected> {
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

export const isUp = ({ socket }: Pick<Connected, 'socket'>) =>
  eventually('the socket to be up', () => socket.state().up);

export async function startConnected(given?: Given): Promise<Connected> {
  const connected = await start(given);
  await isUp(connected);
  return connected;
}

export const press = ({ slack }: Connected, payload: unknown = clickPayload()) =>
  slack.sockets.send({ type: 'interactive', payload });
export const linesWith = ({ receiver }: Connected, words: string) =>
  receiver.log.filter((line) => line.includes(words));
export const opens = ({ slack }: Pick<Connected, 'slack'>) =>
  slack.calls.filter(({ path }) => path.endsWith('/apps.connections.open')).length;

/** The store takes nothing until it is let: what came is at hand until then. */
export function heldStore({ receiver }: Connected) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  receiver.holdUntil(promise, began.resolve);
  return { letGo: resolve, began: began.promise };
}
