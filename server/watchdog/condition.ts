import type { EventType } from '../../domain/event.ts';
import type { Trouble } from '../../domain/watched.ts';

/** Something that is watched. One file each, in this folder. */
export interface Condition {
  /** As the record and the metrics name it. */
  name: ConditionName;
  /** For how many seconds it has to be so before people are told. */
  heldFor: number;
  /** How often it is looked at, in seconds. Left out: in each round. */
  every?: number;
  /** All that is wrong now. Undefined: that cannot be told now, and what is known stays. */
  find(signal: AbortSignal): Promise<readonly Trouble[] | undefined>;
  /** The engine's events by which triggers learn of it. */
  events?: { begins: EventType; ends: EventType };
}

export const conditionNames = [
  'worker.unhealthy',
  'temporal.away',
  'inbox.behind',
  'run.stuck',
  'run.overdue',
  'schedule.missed',
  'heartbeat.missed',
  'subscription.disabled',
  'subscriber.untold',
] as const;
export type ConditionName = (typeof conditionNames)[number];
