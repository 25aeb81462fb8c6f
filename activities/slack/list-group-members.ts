import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { parseAnswer, throwFailure } from './failures.ts';
import { readUser, userSchema } from './users.ts';

const groupId = z.string().regex(/^S[A-Z0-9]{1,20}$/, 'must be a user group id of Slack');

/** Slack lists ids only, so that each member is a call more. Members whom Baton may not see are left out. */
export const listSlackGroupMembers = defineActivity({
  name: 'listSlackGroupMembers',
  kind: 'read',
  provider: 'slack',
  summary: 'Lists the people of a user group',
  permissions: ['usergroups:read', 'users:read', 'users:read.email'],
  input: z.object({ connection: connectionName, groupId }),
  output: z.object({ users: z.array(userSchema) }),
  example: { groupId: 'S0123456789' },
  async run({ connection, groupId }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    const answer = await api.usergroups.users.list({ usergroup: groupId }).catch(throwFailure);
    const { users: ids } = parseAnswer(answer, z.object({ users: z.array(z.string()) }));
    const users = await Promise.all(ids.map((id) => readUser(api, id)));
    return { users: users.filter((user) => user !== undefined) };
  },
});
