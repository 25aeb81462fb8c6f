import type { Actor } from './activity.ts';
import type { Clients } from './clients.ts';
import { refused } from './failures.ts';
import { readMember } from './slack/member.ts';

/**
 * Who a member of a Slack workspace is: the name, and the e-mail address by which other providers know the same person. The workspace of
 * `connection` is asked, as another one may have somebody else of that id. Without an address where Slack tells none, or has nobody of that id
 * any more: nothing is then done in that person's name elsewhere.
 */
export async function identifyPerson(
  { id, name, connection }: { id: string; name: string; connection: string },
  { slack }: Clients,
  signal: AbortSignal,
): Promise<Actor> {
  const member = await readMember(await slack(connection), id, undefined, signal);
  if (!member) return { kind: 'person', name };
  const { user, alsoKnownAs, refusal } = member;
  if (refusal) throw refused('Slack', `${name} asked for it, and is told: ${refusal}`);
  return { kind: 'person', name: user.name, ...(user.email ? { email: user.email } : {}), alsoKnownAs };
}

/** By what the links are found that the store keeps (`people.link`). */
export interface StoredLinks {
  findPerson(email: string): Promise<{ slackUser?: string } | undefined>;
  findPersonInSlack(slackUser: string): Promise<{ email: string } | undefined>;
}

/**
 * The clients, with Slack's asking besides for the links that the store keeps, both ways. `BATON_PEOPLE` comes first: whoever sets it
 * runs Baton.
 */
export const withStoredLinks = (
  clients: Clients,
  { findPerson, findPersonInSlack }: StoredLinks,
): Clients => ({
  ...clients,
  async slack(connection, use) {
    const slack = await clients.slack(connection, use);
    return {
      ...slack,
      linkedAddress: async (userId) =>
        (await slack.linkedAddress(userId)) ?? (await findPersonInSlack(userId))?.email,
      async linkedUser(email) {
        const configured = await slack.linkedUser(email);
        if (configured !== undefined) return configured;
        const own = (await findPerson(email.toLowerCase()))?.slackUser;
        // Whom the setting links to another address is somebody else.
        return own !== undefined && (await slack.linkedAddress(own)) === undefined ? own : undefined;
      },
    };
  },
});
