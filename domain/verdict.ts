/** A run that a trigger would have begun. */
export interface PossibleRun {
  id: string;
  /** The incident. */
  subject: string;
  /** When its event happened. */
  at: string;
  /** What it would have acted on, as the trigger names it. */
  target: string;
  /** What the workflow would have been given. */
  input: unknown;
}

/** What a trigger would have said to what was. */
export interface TriggerVerdict {
  trigger: string;
  workflow: string;
  /** Whether it answers events of which PagerDuty's log tells. Of others nothing is known. */
  isTold: boolean;
  runs: PossibleRun[];
  /** Incidents that would have joined a run of a storm. */
  joined: { subject: string; run: string }[];
  /** How often each condition would have said no. */
  noes: Record<string, number>;
  /** What it cannot answer: a fault of its own. */
  failed: { subject: string; reason: string }[];
}
