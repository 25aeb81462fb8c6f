/** What is to be seen to before a run says its end, or begins a new history. Module state is per run. */
const owed = new Set<() => Promise<void>>();

/** Has something seen to before that, unless it is seen to earlier: the function that comes back says so. */
export function owe(settle: () => Promise<void>): () => void {
  owed.add(settle);
  return () => void owed.delete(settle);
}

/** Where nothing is, nothing is awaited: former runs have not. */
export const isOwed = (): boolean => owed.size > 0;

/** Sees to all of it, once. */
export function settleOwed(): Promise<unknown> {
  const all = [...owed];
  owed.clear();
  return Promise.all(all.map((settle) => settle()));
}
