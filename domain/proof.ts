/** What a run has looked at since it began, as each of its calls tells the worker. */
export interface Proof {
  /** How its last verification ended. Left out: there was none. */
  verified?: boolean;
  /** The changes that it has begun or ended since the last one that passed, by their names, each once. */
  since: readonly string[];
}

/** Where people are told and asked: what is changed there mends nothing, and breaks nothing. */
const forPeople: readonly string[] = ['pagerduty', 'slack', 'jira', 'github'];

/** Whether a change is of what an incident can be about, so that whether all is well has to be looked at after it. */
export const isOfWorld = ({ kind, provider }: { kind: string; provider: string }): boolean =>
  kind === 'destructive' || (kind !== 'read' && !forPeople.includes(provider));

/** Why nothing shows that all is well; undefined where something does. `isOfWorld` tells so of an activity by its name. */
export function whyUnproved(
  { verified, since }: Proof,
  isOfWorld: (activity: string) => boolean,
): string | undefined {
  if (verified === undefined) return 'nothing was verified in this run';
  if (!verified) return 'the last verification of this run did not pass';
  const changed = since.filter(isOfWorld);
  return changed.length === 0 ? undefined : `nothing was verified after ${changed.join(', ')}`;
}
