import type { Incident } from './incident.ts';

/** Which incidents are urgent: what is done about them goes before all else. */
export interface Urgency {
  /** In words, for people: `the first number in the name of its priority is 1`. */
  when: string;
  /** Never throws. */
  isUrgent(incident: Incident): boolean;
}

/** Temporal gives tasks of 1 to workers first, and those without a number count as 3. https://docs.temporal.io/develop/task-queue-priority-fairness */
export const urgentPriorityKey = 1;
/** The header by which a run says so with each call of an activity. It decides in which order calls are made, and nothing else. */
export const urgentName = 'batonUrgent';
