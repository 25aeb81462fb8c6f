import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { pagerDutyId } from './input.ts';
import { readUser, userSchema } from './users.ts';

export const readPagerDutyUser = defineActivity({
  name: 'readPagerDutyUser',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Reads a person by id',
  permissions: ['users.read'],
  input: z.object({ connection: connectionName, userId: pagerDutyId }),
  output: z.object({ user: userSchema.nullable() }),
  example: { userId: 'PXPGF42' },
  async run({ connection, userId }, { pagerduty, attempt }) {
    const user = await readUser(await pagerduty(connection), userId, attempt.signal);
    return { user: user ?? null };
  },
});
