import { ApplicationFailure } from '@temporalio/activity';
import type { AnyActivity, AnyChange } from '../../activities/activity.ts';
import type { FailureDetail } from '../../activities/failures.ts';
import { isOfWorld, whyUnproved } from '../../domain/proof.ts';
import type { Call, Link, Surroundings } from './call.ts';
import { refused } from './entry.ts';

/**
 * That all is well again is said only by a run whose last verification passed after the last change that it made, or that says why nothing was
 * verified. A person who asks for just this is believed.
 */
export const proved =
  (options: Surroundings & { activities: readonly AnyActivity[] }): Link<Call<AnyChange>> =>
  async (call, next) => {
    const { declaration, input, proof, shown } = call;
    const isAskedFor = 'cause' in shown && shown.cause.by !== undefined;
    const needsProof = declaration.unverified !== undefined && declaration.unverified(input) === undefined;
    if (!needsProof || isAskedFor || !proof) return next(call);
    const why = whyUnproved(proof, isOfWorldIn(options.activities));
    if (why) throw await refused(call, notVerified(declaration, why), options);
    return next(call);
  };

/** Of one that is not known here it is taken to be so. */
export const isOfWorldIn = (activities: readonly AnyActivity[]) => (name: string) => {
  const declared = activities.find((each) => each.name === name);
  return declared === undefined || isOfWorld(declared);
};

/** Final for this call. The run may verify, and make another one. */
function notVerified({ name, provider }: AnyChange, why: string): ApplicationFailure {
  const detail: FailureDetail = { provider, effect: 'none' };
  return ApplicationFailure.nonRetryable(
    `${name} is not made: ${why}. Let the runbook verify first (verify in workflows/kit/verify.ts), hand the incident to people, ` +
      'or say why nothing is verified: unverified in place of evidence',
    'NotVerified',
    detail,
  );
}
