import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { userId } from './input.ts';
import { readUser, userSchema } from './users.ts';

/** Nobody of that id is an answer, not an error: `user` is null. */
export const readSlackUser = defineActivity({
  name: 'readSlackUser',
  kind: 'read',
  provider: 'slack',
  summary: 'Reads who a person is',
  permissions: ['users:read', 'users:read.email'],
  input: z.object({ connection: connectionName, userId }),
  output: z.object({ user: userSchema.nullable() }),
  async run({ connection, userId }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    return { user: (await readUser(api, userId)) ?? null };
  },
});
