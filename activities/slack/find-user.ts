import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { accept } from './failures.ts';
import { userOf, userSchema } from './users.ts';

/** Nobody of that e-mail is an answer, not an error: `user` is null. */
export const findSlackUser = defineActivity({
  name: 'findSlackUser',
  kind: 'read',
  provider: 'slack',
  summary: 'Finds a person by e-mail',
  permissions: ['users:read', 'users:read.email'],
  input: z.object({ connection: connectionName, email: z.string().min(3).max(254) }),
  output: z.object({ user: userSchema.nullable() }),
  example: { email: 'ada@example.com' },
  async run({ connection, email }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    const answer = await api.users.lookupByEmail({ email }).catch(accept(['users_not_found'], undefined));
    return { user: answer ? userOf(answer) : null };
  },
});
