import { type Limits, usualLimits } from '../server/watchdog/limits.ts';

/** The limits of the watchdog where its time passes so much faster. */
export const quickLimits = (timeScale: number): Limits => {
  const seconds = Object.entries(usualLimits).map(([name, value]) => [name, value / timeScale]);
  return { ...(Object.fromEntries(seconds) as Limits), pendingEvents: usualLimits.pendingEvents };
};
