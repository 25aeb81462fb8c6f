import type { Request } from 'express';
import { defaultConnection } from '../../domain/subject.ts';
import type { StoredConnections } from '../../store/connections/stored-connections.ts';
import { storedConnectionOf } from '../receiving/signing-connection.ts';
import type { SlackDoor } from './requests.ts';
import type { TakeFromSlack } from './said.ts';

/** One Slack connection, as what comes from there is taken and answered. */
export interface SlackAccount {
  connection: string;
  /** Another Web API than Slack's own. */
  apiUrl: string | undefined;
}

/** What takes what comes by a connection, and answers by it. */
export type TakeBy = (account: SlackAccount) => TakeFromSlack;

const source = { provider: 'slack', setting: 'SLACK_SIGNING_SECRET' };

/** The door of the named connection that a request's address names: its own secrets, and answers by itself alone. */
export function namedDoor(
  connections: Pick<StoredConnections, 'settingsOf'> | undefined,
  takeBy: TakeBy,
): (request: Request) => Promise<SlackDoor> {
  const connectionOf = storedConnectionOf(connections, source);
  return async (request) => {
    const { connection, secrets, values } = await connectionOf(request);
    return { signingSecrets: secrets, take: takeBy({ connection, apiUrl: values.SLACK_API_URL }) };
  };
}

/** The door of the connection `default`. */
export const ownDoor = (
  signingSecret: string | undefined,
  apiUrl: string | undefined,
  takeBy: TakeBy,
): SlackDoor => ({
  signingSecrets: signingSecret === undefined ? [] : [signingSecret],
  take: takeBy({ connection: defaultConnection, apiUrl }),
});
