import type { Severity } from './page.ts';

/** From well to worst: as bad as something is, in PagerDuty's words where it is not well. */
export const levels = ['normal', 'info', 'warning', 'error', 'critical'] as const satisfies readonly (
  | Severity
  | 'normal'
)[];
export type Level = (typeof levels)[number];

/** Whether one is worse than another. */
export const isWorse = (one: Level, other: Level): boolean => levels.indexOf(one) > levels.indexOf(other);
