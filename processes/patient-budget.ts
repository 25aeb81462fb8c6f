import { setTimeout as pause } from 'node:timers/promises';
import type { Budget } from '../activities/budget.ts';

/** The budget of a command: nothing else waits behind it, so each request waits for its turn, however far away that is. */
export function patientBudget(): Budget {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    async spend(_provider, name, { perSecond, most }, signal) {
      const at = performance.now();
      const known = buckets.get(name) ?? { left: most, at };
      const refilled = Math.min(most, known.left + ((at - known.at) / 1_000) * perSecond);
      // Below zero it is owed: whoever comes next waits for longer.
      const left = refilled - 1;
      buckets.set(name, { left, at });
      if (left < 0) await pause((-left / perSecond) * 1_000, undefined, { signal });
    },
  };
}
