import { setTimeout as pause } from 'node:timers/promises';
import type { Simulator } from './simulator.ts';
import type { SlackSockets } from './slack/sockets.ts';
import { simulatedSigningSecret } from './slack/world.ts';
import { clickPayload, type SlackWorld, slackClick } from './slack.ts';

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
export function pressButton(slack: Simulator<SlackWorld>, press: Press): void {
  void waitAndPress(slack, press).catch(() => {});
}

async function waitAndPress(slack: Simulator<SlackWorld>, press: Press): Promise<void> {
  const end = Date.now() + patienceMilliseconds;
  let card = cardOf(slack, press.incidentId, press.actionId);
  while (!card && Date.now() < end) {
    await pause(lookMilliseconds, undefined, { ref: false });
    card = cardOf(slack, press.incidentId, press.actionId);
  }
  if (!card) return;
  await pause(readingMilliseconds, undefined, { ref: false });
  const { to } = press;
  if (typeof to !== 'string') {
    await to.send({ type: 'interactive', payload: clickPayload({ ...press, ...card }) });
    return;
  }
  const { headers, body } = slackClick({ ...press, ...card, signingSecret: simulatedSigningSecret });
  await fetch(new URL('/slack/interactivity', to), { method: 'POST', headers, body });
}

/** The message that shows this button for this incident. */
function cardOf({ world }: Simulator<SlackWorld>, incidentId: string, actionId: string) {
  for (const { channelId, ts: messageTs, blocks } of world.messages) {
    const text = JSON.stringify(blocks ?? []);
    if (text.includes(`"value":"${incidentId}"`) && text.includes(`"action_id":"${actionId}"`))
      return { channelId, messageTs };
  }
  return undefined;
}
