/** So many letters may differ where nothing else tells that this name was meant. */
const usualDifferences = 3;

/** The name that differs least from what somebody wrote, by at most so many letters; small and large ones are the same. */
export function nearestOf(
  written: string,
  names: readonly string[],
  most: number = usualDifferences,
): string | undefined {
  const asked = written.toUpperCase();
  const [first] = names
    .filter((name) => Math.abs(name.length - asked.length) <= most)
    .map((name) => ({ name, differences: differencesOf(asked, name.toUpperCase()) }))
    .filter(({ differences }) => differences <= most)
    .sort((one, other) => one.differences - other.differences);
  return first?.name;
}

/** How many letters are to be put in, left out, replaced or swapped with the next (https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance). */
function differencesOf(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        ...(isSwapped ? [(beforeLast[column - 2] ?? 0) + 1] : []),
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[other.length] ?? 0;
}
