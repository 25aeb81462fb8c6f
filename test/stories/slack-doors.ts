import { responseUrlAt, slackCommand } from '../../simulator/slack/requests.ts';
import { simulatedSigningSecret } from '../../simulator/slack/world.ts';
import { clickPayload, slackClick } from '../../simulator/slack.ts';
import { typeCommand } from '../../simulator/slack-person.ts';
import type { World } from '../world.ts';

interface Button {
  actionId: string;
  value: string;
  channelId: string;
  messageTs: string;
  userId: string;
  /** It stands on a message that this person alone was shown. */
  isEphemeral?: boolean;
}

/** A way on which Slack tells Baton what people do. */
export interface Door {
  /** Types `/baton <text>`. Gives what the person is told at once. */
  type(text: string, by: { userId: string; channelId: string }): Promise<string>;
  press(button: Button): Promise<void>;
}

/** Slack sends signed requests to Baton's address. */
export function overHttp({ slack, server }: World): Door {
  return {
    async type(text, by) {
      return (await typeCommand(slack, { ...by, batonUrl: server.url }, text)).text;
    },
    async press({ value, ...button }) {
      const responseUrl = responseUrlAt(slack.url, button);
      const signingSecret = simulatedSigningSecret;
      const { headers, body } = slackClick({ ...button, incidentId: value, responseUrl, signingSecret });
      const answer = await fetch(`${server.url}/slack/interactivity`, { method: 'POST', headers, body });
      await answer.body?.cancel();
      if (answer.status !== 200) throw new Error(`Baton answered ${answer.status}`);
    },
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
