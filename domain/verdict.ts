import type { ChangeKind } from './kind.ts';

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

/** An activity that changes something, and that a workflow calls: which of them a run makes depends on what it finds. */
export interface PossibleChange {
  activity: string;
  kind: ChangeKind;
}

/** What the triggers of one state of the code would have done, and what their workflows can change at most. */
export type Judgement = (TriggerVerdict & { changes: PossibleChange[] })[];
