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

/** What a trigger can be lowered to at once. `off`: it answers, and starts nothing. */
export const lowerModes = ['off', 'observe', 'propose', 'approve'] as const;
export type LowerMode = (typeof lowerModes)[number];

/** That somebody, or Baton itself, has lowered a trigger. */
export interface Lowering {
  trigger: string;
  mode: LowerMode;
  /** As record entries name who acted. */
  by: string;
  reason: string;
  /** ISO time. */
  at: string;
}

/** How a trigger can stand, the lowest first. */
export const standings = ['off', ...modes] as const;
export type Standing = (typeof standings)[number];

export const isLower = (standing: Standing, than: Standing): boolean =>
  standings.indexOf(standing) < standings.indexOf(than);

const belowOf = { auto: 'approve', approve: 'propose', propose: 'observe', observe: undefined } as const;

/** The mode below one; undefined of the lowest. */
export const below = (mode: Mode) => belowOf[mode];

/**
 * The lowest of the lowerings that hold a trigger below what its file says. A day of review that begins after one undoes it; that it was
 * switched off is only undone by whoever switches it on.
 */
export function loweringOf(
  { name, mode, reviewed }: { name: string; mode: Mode; reviewed?: string },
  lowerings: readonly Lowering[],
): Lowering | undefined {
  const reviewedAt = reviewed === undefined ? Number.NEGATIVE_INFINITY : Date.parse(reviewed);
  return lowerings
    .filter(
      (each) =>
        each.trigger === name &&
        isLower(each.mode, mode) &&
        (each.mode === 'off' || Date.parse(each.at) >= reviewedAt),
    )
    .sort((one, other) => standings.indexOf(one.mode) - standings.indexOf(other.mode))[0];
}
