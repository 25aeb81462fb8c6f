import { setTimeout as pause } from 'node:timers/promises';
import type { Simulator } from './simulator.ts';
import {
  responseUrlAt,
  type SignedRequest,
  slackCommand,
  slackShortcut,
  slackSubmission,
} from './slack/requests.ts';
import type { SlackSockets } from './slack/sockets.ts';
import { simulatedSigningSecret } from './slack/world.ts';
import { clickPayload, type SlackWorld, slackClick } from './slack.ts';

type Slack = Simulator<SlackWorld>;

interface Press {
  actionId: 'acknowledge' | 'resolve';
  incidentId: string;
  userId: string;
  /** Baton's webhook address, beside which Slack's is; or the sockets, one of which Baton has opened. */
  to: string | SlackSockets;
}

const lookMilliseconds = 250;
const patienceMilliseconds = 60_000;
/** People read before they press. */
const readingMilliseconds = 1_500;

/** Somebody waits for the incident's status card and presses its button. Goes on by itself; a card that never comes is left. */
export function pressButton(slack: Slack, press: Press): void {
  void waitAndPress(slack, press).catch(() => {});
}

async function waitAndPress(slack: Slack, press: Press): Promise<void> {
  const end = Date.now() + patienceMilliseconds;
  let card = cardOf(slack, press.incidentId, press.actionId);
  while (!card && Date.now() < end) {
    await pause(lookMilliseconds, undefined, { ref: false });
    card = cardOf(slack, press.incidentId, press.actionId);
  }
  if (!card) return;
  await pause(readingMilliseconds, undefined, { ref: false });
  const { to } = press;
  const responseUrl = responseUrlAt(slack.url, { ...press, ...card });
  if (typeof to !== 'string') {
    await to.send({ type: 'interactive', payload: clickPayload({ ...press, ...card, responseUrl }) });
    return;
  }
  const request = slackClick({ ...press, ...card, responseUrl, signingSecret: simulatedSigningSecret });
  await send(request, '/slack/interactivity', to);
}

/** The message that shows this button for this incident. */
function cardOf({ world }: Slack, incidentId: string, actionId: string) {
  for (const { channelId, ts: messageTs, blocks } of world.messages) {
    const text = JSON.stringify(blocks ?? []);
    if (text.includes(`"value":"${incidentId}"`) && text.includes(`"action_id":"${actionId}"`))
      return { channelId, messageTs };
  }
  return undefined;
}

/** Somebody in a channel, as Baton hears them. */
export interface Someone {
  userId: string;
  channelId: string;
  /** Baton's address, or any below it. */
  batonUrl: string;
}

/** What Baton answered, and after how long. */
export interface Heard {
  status: number;
  /** What Slack shows of it, if anything: a text to the person alone, or what is wrong in a form. */
  text: string;
  milliseconds: number;
}

/** Types `/baton <text>`. The same `triggerId` is the same command, sent again. */
export function typeCommand(
  slack: Slack,
  { batonUrl, ...someone }: Someone,
  text: string,
  triggerId?: string,
): Promise<Heard> {
  const request = slackCommand({
    ...someone,
    text,
    ...(triggerId === undefined ? {} : { triggerId }),
    responseUrl: responseUrlAt(slack.url, someone),
    signingSecret: simulatedSigningSecret,
  });
  return send(request, '/slack/commands', batonUrl);
}

/** Fills in the form that was opened last, and sends it. */
export function fillForm(
  { world }: Slack,
  { userId, batonUrl }: Someone,
  values: Record<string, string>,
): Promise<Heard> {
  const open = world.views?.at(-1);
  if (!open) throw new Error('No form was opened');
  const request = slackSubmission({ userId, open, values, signingSecret: simulatedSigningSecret });
  return send(request, '/slack/interactivity', batonUrl);
}

/** Chooses a shortcut of a message. */
export function chooseShortcut(
  slack: Slack,
  { batonUrl, ...someone }: Someone,
  callbackId: string,
  message: { ts: string; text: string; user: string },
): Promise<Heard> {
  const responseUrl = responseUrlAt(slack.url, someone);
  const signingSecret = simulatedSigningSecret;
  const request = slackShortcut({ ...someone, callbackId, message, responseUrl, signingSecret });
  return send(request, '/slack/interactivity', batonUrl);
}

async function send({ headers, body }: SignedRequest, path: string, batonUrl: string): Promise<Heard> {
  const begun = performance.now();
  const answer = await fetch(new URL(path, batonUrl), { method: 'POST', headers, body });
  const raw = await answer.text();
  const milliseconds = Math.round(performance.now() - begun);
  return { status: answer.status, text: textIn(raw), milliseconds };
}

function textIn(raw: string): string {
  if (raw === '') return '';
  const { text, errors, view } = JSON.parse(raw) as {
    text?: string;
    errors?: Record<string, string>;
    view?: { blocks: { text?: { text: string } }[] };
  };
  return (
    text ?? view?.blocks.map((block) => block.text?.text ?? '').join('\n') ?? JSON.stringify(errors ?? {})
  );
}
