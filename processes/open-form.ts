import type { Clients } from '../activities/clients.ts';
import type { ShowsForms } from '../server/slack/asked.ts';

/** A `trigger_id` lives 3 s, and the answer to the person has to go out in these too. */
const withinMilliseconds = 2_000;
/** A form is to be shown after that, by the same key. */
const lookMilliseconds = 800;
/** The form closes after that. */
const tellMilliseconds = 800;

/**
 * Shows forms to people in Slack, by the bot of a connection. That of `default` is made at once, so that the first form need not wait for
 * Slack's SDK to load; where Slack is not connected each form is refused, and the person told of the command. Undefined where Slack is
 * none of the providers.
 */
export function formOpener({
  slack,
}: Partial<Pick<Clients, 'slack'>>): ((connection: string) => ShowsForms) | undefined {
  if (!slack) return undefined;
  slack('default').catch(() => undefined);
  return (connection) => ({
    async open(triggerId, view) {
      const api = (await slack(connection)).api(AbortSignal.timeout(withinMilliseconds));
      // The SDK's own type of a view knows every block there is; ours is a part of it.
      await api.views.open({ trigger_id: triggerId, view: { ...view } });
    },
    lookAt: async (message) =>
      (await slack(connection)).lookAt(message, AbortSignal.timeout(lookMilliseconds)),
    async tell({ channelId, userId }, text) {
      const api = (await slack(connection)).api(AbortSignal.timeout(tellMilliseconds));
      await api.chat.postEphemeral({ channel: channelId, user: userId, text });
    },
  });
}
