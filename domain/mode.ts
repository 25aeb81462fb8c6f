/**
 * How far a trigger is trusted, the lowest first. `observe`: its runs plan and change nothing. `propose`: a run asks before it changes
 * anything. `approve`: it asks before each destructive change. `auto`: it asks where its runbook does.
 */
export const modes = ['observe', 'propose', 'approve', 'auto'] as const;
export type Mode = (typeof modes)[number];

/** Of a run: of its trigger, as it stood when the run began. `plan`: a rehearsal, which no event has called for. */
export const runModes = ['plan', ...modes] as const;
export type RunMode = (typeof runModes)[number];

/** Whether all changes of a run are looked at and not made, to its end. Left out, a run is as of before there were modes: `auto`. */
export const isWatching = (mode: RunMode | undefined): boolean => mode === 'plan' || mode === 'observe';
