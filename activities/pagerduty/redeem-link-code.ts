import { z } from 'zod';
import { linkCodeIn } from '../../domain/link-code.ts';
import { type ActivityContext, actor, connectionName, defineActivity } from '../activity.ts';
import { linkCodeHash } from '../link-code.ts';
import { pagerDutyId } from './input.ts';
import { readNotes } from './notes.ts';
import { readUser } from './users.ts';

const inverse = { none: 'an admin takes it back: npx baton people link <address> --no-slack-user' } as const;

/** So many of a person's codes on one incident are looked at, newest first. */
const mostNotes = 20;

const input = z.object({
  connection: connectionName,
  actor,
  incidentId: pagerDutyId,
  userId: pagerDutyId.describe('Who is said to have written the code'),
});

/**
 * Nobody's word is taken: the note is read from PagerDuty, its author has to be this user, and a user that PagerDuty knows. The code goes
 * from the note into its hash, and nowhere else.
 */
export const redeemPagerDutyLinkCode = defineActivity({
  name: 'redeemPagerDutyLinkCode',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Links whoever was told a code in Slack to the PagerDuty user who has written it as a note',
  permissions: ['incidents.read', 'users.read'],
  input,
  output: z.object({
    changed: z.boolean(),
    state: z.enum(['linked', 'taken', 'used', 'expired', 'unknown', 'no proof']),
    slackUser: z.string().optional().describe('Who was told the code'),
    before: z.string().optional().describe('The address that they were linked to before'),
    user: z.object({ name: z.string(), email: z.string() }).optional(),
    reason: z.string().optional().describe('Why there is no proof'),
  }),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', userId: 'PXPGF42' },
  inverse,
  async look(asked, context) {
    const proof = await proofOf(asked, context);
    if ('reason' in proof) return { done: { changed: false, state: 'no proof' as const, ...proof } };
    const { user } = proof;
    return {
      plan: {
        summary: `Links whoever was told the code to ${user.name}`,
        calls: [`people.link email=${user.email}`],
        values: {},
        inverse,
        output: { changed: true, state: 'linked' as const, user },
      },
    };
  },
  async act(_, asked, context) {
    const proof = await proofOf(asked, context);
    if ('reason' in proof) return { changed: false, state: 'no proof' as const, ...proof };
    const { user, hashes } = proof;
    const { key } = context.attempt;
    const answer = await context.baton.redeemLinkCode({ hashes, email: user.email, key });
    return { changed: answer.state === 'linked', ...answer, user };
  },
});

/** The codes that the user has written on the incident, by PagerDuty's word, and who that is. */
async function proofOf(
  { connection, incidentId, userId }: z.output<typeof input>,
  { pagerduty, attempt: { signal } }: ActivityContext,
): Promise<{ hashes: string[]; user: { name: string; email: string } } | { reason: string }> {
  const client = await pagerduty(connection);
  const notes = await readNotes(client, incidentId, signal);
  const codes = notes
    .filter(({ user }) => user?.id === userId)
    .toSorted((one, other) => (other.created_at ?? '').localeCompare(one.created_at ?? ''))
    .flatMap(({ content }) => linkCodeIn(content) ?? []);
  if (codes.length === 0) return { reason: `PagerDuty shows no code that ${userId} has written there` };
  const user = await readUser(client, userId, signal);
  if (!user) return { reason: `PagerDuty has no user ${userId}` };
  const { name, email } = user;
  return { hashes: codes.slice(0, mostNotes).map(linkCodeHash), user: { name, email: email.toLowerCase() } };
}
