import type { AnyChange } from '../../activities/activity.ts';
import type { PlannedCall } from '../../domain/approval.ts';
import type { Plan } from '../../domain/plan.ts';
import { scrubValue } from '../../secrets/scrub.ts';
import { digestOf } from '../identity.ts';
import type { Call } from './call.ts';
import { targetsOf } from './intent.ts';

/**
 * A planned call as people are shown it, without secrets, and its digest: SHA-256, base64url, over the canonical JSON of all the rest. So
 * whoever has seen the call can tell whether it is this one. The plan's output is left out, since it is a guess, and so are its values: a
 * version that a look finds changes with every status.
 *
 * It is over what is left once secrets are masked, though two plans that differ in a secret alone then have the same one. Nobody gets more
 * out of that than was approved: what a run gives is masked before the look (`authorized`), so the masked text is what is done, and a secret
 * of a connection is in no plan, as it is had within the client. What a look finds besides are states, images and names. An activity whose
 * `act` would hand on a secret that it has read from the world needs a digest of it, under a key, in its plan.
 */
export function plannedCall(
  call: Call<AnyChange>,
  { summary, calls, before, after, inverse }: Plan,
  scrub: (text: string) => string,
): PlannedCall {
  const { declaration, input, connection } = call;
  const { actor: _, connection: __, ...given } = input;
  const shown = scrubValue(
    {
      activity: declaration.name,
      input: given,
      connection,
      targets: targetsOf(call),
      summary,
      calls,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      inverse,
    },
    scrub,
  ) as Omit<PlannedCall, 'digest'>;
  return { ...shown, digest: digestOf(shown) };
}

/** Whether a planned call is the one that its digest is of. What the provider said to it is of the moment, and not in it. */
export function isWhole({ digest, dryRun: _, ...shown }: PlannedCall): boolean {
  return digestOf(shown) === digest;
}
