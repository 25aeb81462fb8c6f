import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { accept } from './failures.ts';
import { knownUser, readKnownUser } from './member.ts';
import { userSchema } from './users.ts';

/**
 * Whoever is linked to the address, else whoever has confirmed it to Slack and is linked to no other one. Nobody is an answer, not an error:
 * `user` is null.
 */
export const findSlackUser = defineActivity({
  name: 'findSlackUser',
  kind: 'read',
  provider: 'slack',
  summary: 'Finds a person by the e-mail address that they have in PagerDuty',
  permissions: ['users:read', 'users:read.email'],
  input: z.object({ connection: connectionName, email: z.string().min(3).max(254) }),
  output: z.object({ user: userSchema.nullable() }),
  example: { email: 'ada@example.com' },
  async run({ connection, email }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const linked = await client.linkedUser(email);
    const own = linked === undefined ? undefined : await readKnownUser(client, api, linked);
    if (own && !own.deleted) return { user: own };
    const answer = await api.users.lookupByEmail({ email }).catch(accept(['users_not_found'], undefined));
    const user = answer && (await knownUser(client, answer));
    return { user: user?.email?.toLowerCase() === email.toLowerCase() ? user : null };
  },
});
