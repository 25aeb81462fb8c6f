/**
 * Seconds that pass at this address in one of ours: 1, but for a simulator on loopback, whose instances boot, whose rollouts
 * end and whose limits begin anew faster. A real provider beside a simulated one keeps its own time.
 */
export function timeScaleOf(
  address: string | undefined,
  env: { BATON_SIMULATED_TIME_SCALE?: string | undefined },
): number {
  const isSimulated = URL.parse(address ?? '')?.hostname === '127.0.0.1';
  return isSimulated ? Number(env.BATON_SIMULATED_TIME_SCALE || 1) : 1;
}
