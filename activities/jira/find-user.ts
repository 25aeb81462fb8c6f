import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { membersOf } from '../lenient.ts';
import type { Jira } from './client.ts';

const wireUsers = membersOf(
  z.object({
    accountId: z.string(),
    emailAddress: z.string().nullish(),
    accountType: z.string().nullish(),
    active: z.boolean().nullish(),
  }),
);

/**
 * The account of an e-mail address. People may hide theirs: a search that finds one person alone, and nobody whom we cannot read, is
 * then believed.
 */
export async function findUser(jira: Jira, email: string, signal: AbortSignal): Promise<string | undefined> {
  const answer = await jira.api(signal).userSearch.findUsers({ query: email });
  const found = z.array(z.unknown()).catch([]).parse(answer);
  const read = wireUsers.parse(found);
  const users = read.filter(
    ({ active, accountType }) => active !== false && (accountType ?? 'atlassian') === 'atlassian',
  );
  const exact = users.find(({ emailAddress }) => emailAddress?.toLowerCase() === email.toLowerCase());
  const isAlone = users.length === 1 && read.length === found.length && !users[0]?.emailAddress;
  return (exact ?? (isAlone ? users[0] : undefined))?.accountId;
}

export const findJiraUser = defineActivity({
  name: 'findJiraUser',
  kind: 'read',
  provider: 'jira',
  summary: 'Finds the account of an e-mail address, or none',
  permissions: ['USER_PICKER'],
  input: z.object({ connection: connectionName, email: z.email() }),
  output: z.object({ accountId: z.string().nullable() }),
  example: { email: 'ada@example.com' },
  async run({ connection, email }, { jira, attempt }) {
    return { accountId: (await findUser(await jira(connection), email, attempt.signal)) ?? null };
  },
});
