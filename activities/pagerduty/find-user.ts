import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { findUser, userSchema } from './users.ts';

export const findPagerDutyUser = defineActivity({
  name: 'findPagerDutyUser',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Finds a person by e-mail',
  permissions: ['users.read'],
  input: z.object({ connection: connectionName, email: z.string().min(3).max(254) }),
  output: z.object({ user: userSchema.nullable() }),
  example: { email: 'ada@example.com' },
  async run({ connection, email }, { pagerduty, attempt }) {
    const user = await findUser(await pagerduty(connection), email, attempt.signal);
    return { user: user ?? null };
  },
});
