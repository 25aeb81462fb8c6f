/** What is to be seen to before a run says its end. Module state is per run. */
const owed = new Set<() => Promise<void>>();

/** Has something seen to before the run says its end, unless it is seen to earlier: the function that comes back says so. */
export function owe(settle: () => Promise<void>): () => void {
  owed.add(settle);
  return () => void owed.delete(settle);
}

/** Sees to all of it. Undefined where nothing is owed. */
export const settleOwed = (): Promise<unknown> | undefined =>
  owed.size > 0 ? Promise.all([...owed].map((settle) => settle())) : undefined;
