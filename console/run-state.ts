import type { Run } from './api/shapes.ts';

/** How a run stands, in one word: what keeps it from going on comes before that it runs. */
export function stateOf({ state, stuck, parked = [], waitsFor = [], doing = [], waiting }: Run): string {
  if (state !== 'running' && state !== 'starting') return state;
  if (stuck && !stuck.over) return 'stands still';
  if (parked.length > 0) return 'parked';
  if (waitsFor.length > 0) return 'waiting';
  if (doing.some(({ attempt, retryAt }) => attempt > 1 || retryAt !== undefined)) return 'retrying';
  if (waiting) return 'waiting';
  return state;
}

export const isLive = ({ state }: Pick<Run, 'state'>): boolean => state === 'running' || state === 'starting';
