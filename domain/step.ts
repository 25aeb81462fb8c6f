/** What a run calls an activity for, as its own events tell it: the states of one such call. */
export const stepTypes = [
  'activity.scheduled',
  'activity.started',
  'activity.completed',
  'activity.failed',
  'activity.timed_out',
  'activity.cancelled',
] as const;
export type StepType = (typeof stepTypes)[number];

/** In place of names of activities: all that change something. Reads are told of only by their names. */
export const allChanges = 'changes';

/**
 * Of which steps of a run somebody hears, as the server knows when it starts the run: for each type the names of the activities, or
 * `changes`. It goes with the run's cause, so that a run tells nothing that nobody hears.
 */
export type Heard = Partial<Record<StepType, readonly string[]>>;

/** The states that are told of the calls of one activity. */
export const heardOf = (heard: Heard, activity: string, isRead: boolean): StepType[] =>
  stepTypes.filter((type) => {
    const named = heard[type] ?? [];
    return named.includes(activity) || (!isRead && named.includes(allChanges));
  });

/** One call of an activity, as the workflow tells of it. `input` is only read for what the call acts on, and goes no further. */
export interface ToldStep {
  type: StepType;
  /** The name in Temporal: `rebootEc2Instances`, `approved:rebootEc2Instances`. */
  activityType: string;
  /** The how-manieth call of it is meant, in its run. */
  number: number;
  input: unknown;
  scheduledAt: string;
  at: string;
  failure?: { class: string; message: string };
}
