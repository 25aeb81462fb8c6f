import type { Proof } from '../../domain/proof.ts';

let verified: boolean | undefined;
let since = new Set<string>();

/** What the run has verified, and what it has changed since. */
export const proofSoFar = (): Proof => ({
  ...(verified === undefined ? {} : { verified }),
  since: [...since],
});

/** A verification that passed is of all that was changed before it. */
export function provedBy(passed: boolean): void {
  verified = passed;
  if (passed) since.clear();
}

/** By the verbs of what leaves the world as it is, and the prefixes of what is only looked at. */
export const isLook = (activityType: string): boolean =>
  /^(plan:|ask:|(read|list|find|check|search|query|export|await)[A-Z])/.test(activityType);

/** A change counts from its beginning to its end: one that was under way during a verification was not verified by it. */
export function changesBy(activityType: string, result: Promise<unknown>): void {
  const name = activityType.replace(/^approved:/, '');
  const counts = () => void since.add(name);
  counts();
  result.then(counts, counts);
}

/** What a next history of the run goes on from. */
export function goOnProved(earlier: Proof): void {
  verified = earlier.verified;
  since = new Set(earlier.since);
}
