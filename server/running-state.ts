/** How a server stands, as it knows it without asking anybody. */
export interface RunningState {
  temporal: { up: boolean; since: string; reason?: string | undefined };
  /** What the watchdog has found and tells people of, by condition. */
  troubles: Readonly<Record<string, number>>;
  /** Live runs that cannot go on, by reason. */
  stuckRuns: Readonly<Record<string, number>>;
  /** What keeps providers from being connected in full, a sentence each. */
  halves: readonly string[];
  workersExpected: number;
}
