/**
 * Which call of an activity one is, in its run: the first, the second, and so on for each activity by itself. The key of an effect is
 * made of it. Unlike Temporal's own numbers it says the same after a reset, after a lost end of the history, and for a read that was
 * tried in the worker first.
 */
let counts = new Map<string, number>();
/** A call that goes round Temporal's loop for local retries comes by with the same list of arguments each time. */
const known = new WeakMap<readonly unknown[], number>();
/** Set while a call is made that is another try of one that has its number. */
let given: number | undefined;

/** Gives the next number. */
export function nextNumber(activity: string): number {
  const number = (counts.get(activity) ?? 0) + 1;
  counts.set(activity, number);
  return number;
}

/** Makes a call under a number that was given before. Temporal takes up a call before it returns, so nothing comes in between. */
export function numbered<Result>(number: number, call: () => Promise<Result>): Promise<Result> {
  const before = given;
  given = number;
  try {
    return call();
  } finally {
    given = before;
  }
}

/** The number of a call that is about to be made. It is made as `numbered`. */
export const numberToCome = (activity: string): number => given ?? nextNumber(activity);

/** The number of the call that is being taken up. */
export function numberOf(activity: string, args: readonly unknown[]): number {
  const number = known.get(args) ?? given ?? nextNumber(activity);
  known.set(args, number);
  return number;
}

/** What a next history of the run goes on from. */
export const callCounts = (): [string, number][] => [...counts];

export function goOnFrom(earlier: readonly [string, number][]): void {
  counts = new Map(earlier);
}
