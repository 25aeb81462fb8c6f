import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { pagerDutyId } from './input.ts';
import { readTeam, userSchema } from './users.ts';

/** True at that moment only: read at each use, never kept over a wait. */
export const listPagerDutyTeamMembers = defineActivity({
  name: 'listPagerDutyTeamMembers',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Lists the people of a team',
  permissions: ['users.read'],
  input: z.object({ connection: connectionName, teamId: pagerDutyId }),
  output: z.object({ users: z.array(userSchema), truncated: z.boolean() }),
  example: { teamId: 'PT4KHLK' },
  async run({ connection, teamId }, { pagerduty, attempt }) {
    return readTeam(await pagerduty(connection), teamId, attempt.signal);
  },
});
