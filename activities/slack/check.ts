import { z } from 'zod';
import { findingOf } from '../finding.ts';
import type { Asked, Check, Finding } from '../provider.ts';
import type { Slack } from './client.ts';
import { parseAnswer, throwFailure } from './failures.ts';

/** The SDK puts the scopes of the header `x-oauth-scopes` here. */
const scopesSchema = z.object({
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});

/** What the tokens may do, by the scopes that Slack names with every answer. https://docs.slack.dev/reference/scopes */
export const checkSlack: Check<Slack> = async (client, signal, { rights, settings }) => {
  const api = client.api(signal);
  const { response_metadata } = parseAnswer(await api.auth.test().catch(throwFailure), scopesSchema);
  const granted = response_metadata?.scopes;
  const about = (what: string): Finding => {
    if (granted === undefined) return { what, ok: undefined, reason: 'Slack named no scopes' };
    if (granted.includes(what)) return { what, ok: true };
    const reason = `the token lacks the scope; add it under "OAuth & Permissions" of the Slack app, and install the app again`;
    return { what, ok: false, reason };
  };
  const token = settings.SLACK_APP_TOKEN;
  const isOurs = 'see that it is an app-level token (xapp-…) with the scope connections:write';
  // Hands out an address for a socket, and connects nothing.
  const open = () => api.apps.connections.open({ token: token ?? '' }).catch(throwFailure);
  return [
    ...rights.map(about),
    ...(token ? [await findingOf('SLACK_APP_TOKEN', open, isOurs)] : []),
    ...signingSecret(settings),
  ];
};

/** Requests from Slack are signed. By Socket Mode there are none, so nothing is missed beside an app-level token. */
function signingSecret({ SLACK_SIGNING_SECRET, SLACK_APP_TOKEN }: Asked['settings']): Finding[] {
  const what = 'SLACK_SIGNING_SECRET';
  if (SLACK_SIGNING_SECRET) return [{ what, ok: true }];
  if (SLACK_APP_TOKEN) return [];
  const reason =
    'is not set here: the process that takes button presses answers them with 503; set it, or SLACK_APP_TOKEN for Socket Mode';
  return [{ what, ok: false, isUnset: true, reason }];
}
