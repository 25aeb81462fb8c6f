const second = 1_000;

/**
 * By how many milliseconds the first of two ISO times is the later one. Some sources tell whole seconds only, and what they tell of happened
 * anywhere within: beside such a time another one of the same second is of the same moment, 0.
 */
export function millisecondsAhead(time: string, other: string): number {
  const [one, two] = [Date.parse(time), Date.parse(other)];
  if (one % second !== 0 && two % second !== 0) return one - two;
  return Math.floor(one / second) * second - Math.floor(two / second) * second;
}
