import { steps } from '../activities.ts';
import { orUnavailable } from '../parts.ts';
import type { Asked, Member, Place, Responder } from './asked.ts';
import { at } from './place.ts';

/** The member of our workspace who asks; or why nothing is done for them. */
export const findMember = ({
  userId,
  teamIds,
}: Asked): Promise<Member | { refusal: string; advice?: string | undefined }> =>
  steps.checkSlackMember({ userId, teamIds });

/** The PagerDuty user with the member's address, if they may respond to this incident; or why not. */
export async function findResponder(
  { email }: Member,
  place: Place,
): Promise<Responder | { refusal: string; advice?: string | undefined }> {
  const found = await steps.checkPagerDutyResponder({ ...at(place), email });
  return 'refusal' in found ? found : found.user;
}

const howItWould = 'none that is confirmed to Slack, and no link to a PagerDuty user (/baton link-me)';

/** The PagerDuty users whom mentions name, in their order; or who of them is none, in words. */
export async function findMentioned(
  slackUserIds: readonly string[],
  place: Place,
): Promise<{ users: { id: string; name: string }[] } | { missing: string }> {
  const { incidentId: _, ...account } = at(place);
  const found = await Promise.all(
    slackUserIds.map(async (userId) => {
      const read = await orUnavailable(() => steps.readSlackUser({ userId }));
      const person = 'unavailable' in read ? null : read.user;
      if (!person?.email)
        return { missing: `${person?.name ?? userId} has no e-mail address that counts: ${howItWould}` };
      const { user } = await steps.findPagerDutyUser({ ...account, email: person.email });
      return user ?? { missing: `PagerDuty has no user with the address ${person.email} of ${person.name}` };
    }),
  );
  const missing = found.flatMap((each) => ('missing' in each ? [each.missing] : []));
  if (missing.length > 0) return { missing: missing.join('; ') };
  return { users: found.flatMap((each) => ('missing' in each ? [] : [{ id: each.id, name: each.name }])) };
}
