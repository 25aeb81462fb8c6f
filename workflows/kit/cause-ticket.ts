import type { Held } from '../../domain/guard.ts';
import { steps } from './activities.ts';
import { orUnavailable } from './parts.ts';

/**
 * Makes an issue for the cause where a guard holds a remedy since it was made too often to the same target: what comes back again and again
 * is not mended by it. Gives what is to be said behind the guard's reason, which has no full stop; nothing for any other guard.
 *
 * `what`: what is to be found out, such as `why i-0abc12345def67890 fails its status checks`. `remedy`: `reboots it`.
 */
export async function ticketForCause(
  { guard, reason }: Held,
  { incidentId, what, remedy }: { incidentId: string; what: string; remedy: string },
): Promise<string> {
  if (guard !== 'repeats') return '';
  const made = await orUnavailable(() =>
    steps.createJiraIssue({
      incidentId,
      purpose: 'cause',
      summary: `Find out ${what} again and again`,
      text: `Baton ${remedy} no more: ${reason}`,
    }),
  );
  return 'unavailable' in made
    ? `. No issue could be made for its cause: ${made.unavailable}`
    : `. Its cause has the issue ${made.key}`;
}
