import type { SimulatedFault, Simulation } from '../domain/simulation.ts';
import type { Fault, Simulator } from './simulator.ts';

const faults: Record<SimulatedFault, Omit<Fault, 'times'>> = {
  'rate limit': { kind: 'status', status: 429, headers: { 'retry-after': '5' } },
  error: { kind: 'status', status: 503 },
  silence: { kind: 'hang' },
  'acts silently': { kind: 'hang-after' },
};

const nameOf = ({ kind, status }: Fault): string =>
  Object.entries(faults).find(([, each]) => each.kind === kind && each.status === status)?.[0] ??
  (status === undefined ? kind : `${kind} ${status}`);

/** How many requests each kind is still to meet. */
function leftOf(ordered: readonly Fault[]): Map<string, number> {
  const left = new Map<string, number>();
  for (const fault of ordered) left.set(nameOf(fault), (left.get(nameOf(fault)) ?? 0) + (fault.times ?? 1));
  return left;
}

/** What people may do to simulators that run. */
export function simulationOf(
  running: readonly Pick<Simulator<object>, 'provider' | 'ledger' | 'fail' | 'faults' | 'heal'>[],
  { play, storm }: Pick<Simulation, 'play' | 'storm'> = {},
): Simulation {
  const named = (provider: string) => running.filter((each) => each.provider === provider);
  return {
    providers: () =>
      running.map((each) => ({
        provider: each.provider,
        faults: [...leftOf(each.faults())].map(([fault, times]) => ({ fault, times })),
      })),
    ledger: (limit) =>
      running
        .flatMap(({ ledger }) => ledger.slice(-limit))
        .sort((one, other) => other.at.localeCompare(one.at))
        .slice(0, limit)
        .map(({ detail: _, ...effect }) => effect),
    ...(play ? { play } : {}),
    ...(storm ? { storm } : {}),
    order(provider, fault, times) {
      for (const each of named(provider)) each.fail({ ...faults[fault], times });
    },
    heal(provider) {
      for (const each of named(provider)) each.heal();
    },
  };
}
