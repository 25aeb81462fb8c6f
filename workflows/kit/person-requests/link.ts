import { steps } from '../activities.ts';
import { healthy } from '../run.ts';
import type { Asked, Done } from './asked.ts';

/** Tells the person in private a code, by which they prove who they are in PagerDuty. What comes of the code is another run. */
export async function giveLinkCode({ userId, teamIds }: Asked): Promise<Done | { refusal: string }> {
  const { refusal } = await steps.sendSlackLinkCode({ userId, teamIds });
  if (refusal !== undefined) return { refusal };
  return {
    outcome: healthy('done'),
    answer:
      'Baton has sent you a code by a direct message. Write it as a note in PagerDuty: then you are told who you are.',
  };
}
