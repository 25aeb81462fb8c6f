import type { AnyLink, Outcome } from './call.ts';

/** Changes under way in this process, by their keys. */
const underWay = new Map<string, Promise<Outcome>>();

/**
 * An attempt whose heartbeat came too late (the process was busy, or halted) is given up by Temporal, and the next one is begun
 * while it is still at work. The next one waits here for its end: two at once would both look, find nothing, and act.
 */
export const oneAtATime: AnyLink = async (call, next) => {
  const { key } = call;
  for (let before = underWay.get(key); before; before = underWay.get(key)) await before.catch(() => {});
  const own = next(call).finally(() => underWay.delete(key));
  underWay.set(key, own);
  return own;
};
