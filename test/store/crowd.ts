/** As many as three stores have connections: whoever waits for one for longer than 0.9 s is told to come back. */
const atOnce = 30;

/** Does it so often, as many at the same moment as the database can be asked by three stores, and gives what each has given. */
export async function crowdOf<Result>(
  count: number,
  one: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  async function goOn(): Promise<void> {
    while (next < count) {
      const index = next;
      next += 1;
      results[index] = await one(index);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, goOn));
  return results;
}
