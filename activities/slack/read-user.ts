import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { userId } from './input.ts';
import { readKnownUser, readMember } from './member.ts';
import { userSchema } from './users.ts';

/**
 * With the address that counts as theirs: a linked one, else one that they have confirmed to Slack. Nobody of that id is an answer, not an
 * error: `user` is null.
 */
export const readSlackUser = defineActivity({
  name: 'readSlackUser',
  kind: 'read',
  provider: 'slack',
  summary: 'Reads who a person is',
  permissions: ['users:read', 'users:read.email'],
  input: z.object({ connection: connectionName, userId }),
  output: z.object({ user: userSchema.nullable() }),
  example: { userId: 'U0123456789' },
  async run({ connection, userId }, { slack, attempt }) {
    const client = await slack(connection);
    return { user: (await readKnownUser(client, client.api(attempt.signal), userId)) ?? null };
  },
});

/** A refusal is an answer: it is what the person is told. */
export const checkSlackMember = defineActivity({
  name: 'checkSlackMember',
  kind: 'read',
  provider: 'slack',
  summary: 'Checks that a person is a full member of Baton’s own workspace, by a confirmed or linked address',
  permissions: ['users:read', 'users:read.email'],
  input: z.object({
    connection: connectionName,
    userId,
    teamIds: z
      .array(z.string().min(1).max(255))
      .max(2)
      .describe('The workspaces that Slack named with the click'),
  }),
  output: z.union([
    z.object({ email: z.string(), name: z.string(), timeZone: z.string().optional() }),
    z.object({ refusal: z.string(), advice: z.string().optional().describe('How it could be done instead') }),
  ]),
  example: { userId: 'U0123456789', teamIds: ['T0123456789'] },
  async run({ connection, userId, teamIds }, { slack, attempt }) {
    const member = await readMember(await slack(connection), userId, teamIds, attempt.signal);
    if (!member)
      return { refusal: 'Slack does not know you as a member of this workspace', advice: askAnother };
    const { user, refusal = 'Slack tells Baton no e-mail address of yours' } = member;
    if (member.refusal || !user.email)
      return { refusal, ...(member.needsLink ? {} : { advice: askAnother }) };
    const { email, name, timeZone } = user;
    return { email, name, ...(timeZone === undefined ? {} : { timeZone }) };
  },
});

const askAnother = 'Ask a full member of the workspace who is on call to do it';
