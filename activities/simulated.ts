/**
 * What people are shown first where something is simulated: `SIMULATED` where the provider itself is, and where others are
 * which ones, since what a real one is told may be their doing. Undefined where nothing is simulated.
 */
export function simulationMark(provider: string, simulated: readonly string[]): string | undefined {
  if (simulated.length === 0) return undefined;
  return simulated.includes(provider) ? 'SIMULATED' : `SIMULATED: ${simulated.join(', ')}`;
}
