import type { ActivityFunctions } from '../activities/index.ts';
import { steps } from './kit/activities.ts';
import { orUnavailable } from './kit/parts.ts';
import { record } from './kit/record.ts';
import { healthy } from './kit/run.ts';

export interface LinkByCodeInput {
  incidentId: string;
  /** The PagerDuty user who has written a note that looks like a code. */
  userId: string;
}

type Redeemed = Awaited<ReturnType<ActivityFunctions['redeemPagerDutyLinkCode']>>;

/**
 * Links the user of Slack who was told a code to the PagerDuty user who has written it, and tells both: the one by a direct message, the
 * other by a note beneath theirs. What is no code of ours links nobody, and is told to nobody.
 */
export async function linkByCode({ incidentId, userId }: LinkByCodeInput): Promise<string> {
  const redeemed = await steps.redeemPagerDutyLinkCode({ incidentId, userId });
  const { state, slackUser, user } = redeemed;
  if (!slackUser || !user) {
    const why = redeemed.reason ?? 'no such code was given out';
    await record(`A note of ${userId} looks like a code, and linked nobody: ${why}.`);
    return 'no such code';
  }
  const said = state === 'linked' ? linked(redeemed) : `Nothing was changed: ${whyNot(redeemed)}`;
  const told = await orUnavailable(() => steps.sendSlackDirectMessage({ userId: slackUser, text: said }));
  if ('unavailable' in told)
    await record(`The Slack user ${slackUser} could not be told (${told.unavailable}): ${said}`);
  if (state !== 'linked') return 'refused';

  const note = `${user.name} is the Slack user ${slackUser} to Baton from now on, by the code above. ${undo(redeemed)}`;
  await orUnavailable(() => steps.addPagerDutyNote({ incidentId, note }));
  return healthy('linked');
}

const nameOf = ({ user }: Redeemed) => `${user?.name} (${user?.email})`;

function linked(redeemed: Redeemed): string {
  const { before, user } = redeemed;
  const replaced =
    before === undefined || before === user?.email
      ? ''
      : ` This replaces your link to ${before}, as you have proved it anew.`;
  return `You are ${nameOf(redeemed)} in PagerDuty from now on: what you do in Slack is done under that name.${replaced} ${undo(redeemed)}`;
}

const undo = ({ user }: Redeemed) =>
  `If that is wrong, an admin of Baton takes it back: npx baton people link ${user?.email} --no-slack-user`;

function whyNot(redeemed: Redeemed): string {
  const wrote = `${nameOf(redeemed)} has written a code of yours in PagerDuty`;
  switch (redeemed.state) {
    case 'taken':
      return `${wrote}, and that address is linked to another user of Slack already. An admin of Baton has to take that link back first: npx baton people link ${redeemed.user?.email} --no-slack-user`;
    case 'expired':
      return `${wrote}, and it is too old. Ask for a new one: /baton link-me`;
    default:
      return `${wrote} that was used before. Ask for a new one: /baton link-me`;
  }
}
