import { responseUrlAt, type SignedRequest, slackCommand } from '../../simulator/slack/requests.ts';
import { simulatedSigningSecret } from '../../simulator/slack/world.ts';
import { clickPayload, slackClick } from '../../simulator/slack.ts';
import { typeCommand } from '../../simulator/slack-person.ts';
import type { World } from '../world.ts';

export interface Button {
  actionId: string;
  value: string;
  channelId: string;
  messageTs: string;
  userId: string;
  /** An option of a list was chosen. */
  isChoice?: boolean;
  /** It stands on a message that this person alone was shown. */
  isEphemeral?: boolean;
  /** The workspace that Slack names. Ours where left out. */
  teamId?: string;
}

/** The places of Slack and of Baton, whether they run in this process or not. */
interface Places {
  slack: { url: string };
  server: { url: string };
}

/** The request of a pressed button, signed by Slack. */
export function signedPress({ slack }: Pick<Places, 'slack'>, { value, ...button }: Button): SignedRequest {
  const responseUrl = responseUrlAt(slack.url, button);
  return slackClick({
    ...button,
    incidentId: value,
    responseUrl,
    signingSecret: simulatedSigningSecret,
  });
}

/** Sends what somebody did in Slack to Baton, which has to take it. */
export async function sendPress(
  { server }: Pick<Places, 'server'>,
  { headers, body }: SignedRequest,
): Promise<void> {
  const answer = await fetch(`${server.url}/slack/interactivity`, { method: 'POST', headers, body });
  await answer.body?.cancel();
  if (answer.status !== 200) throw new Error(`Baton answered ${answer.status}`);
}

/** A way on which Slack tells Baton what people do. */
export interface Door {
  /** Types `/baton <text>`. Gives what the person is told at once. */
  type(text: string, by: { userId: string; channelId: string }): Promise<string>;
  press(button: Button): Promise<void>;
}

/** Slack sends signed requests to Baton's address. */
export function overHttp(world: World): Door {
  const { slack, server } = world;
  return {
    async type(text, by) {
      return (await typeCommand(slack, { ...by, batonUrl: server.url }, text)).text;
    },
    press: (button) => sendPress(world, signedPress(world, button)),
  };
}

/** Slack sends over the socket that Baton has opened. */
export function overSocket({ slack }: World): Door {
  async function send(type: 'interactive' | 'slash_commands', payload: unknown) {
    const ack = await slack.sockets.send({ type, payload });
    if (!ack) throw new Error('Baton did not answer over its socket');
    return ack;
  }
  return {
    async type(text, by) {
      const responseUrl = responseUrlAt(slack.url, by);
      // The fields of the form are those of the envelope.
      const { body } = slackCommand({ ...by, text, responseUrl, signingSecret: 'not used by sockets' });
      return String((await send('slash_commands', Object.fromEntries(new URLSearchParams(body)))).text);
    },
    async press({ value, ...button }) {
      const responseUrl = responseUrlAt(slack.url, button);
      await send('interactive', clickPayload({ ...button, incidentId: value, responseUrl }));
    },
  };
}
