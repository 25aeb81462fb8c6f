import { stoppableWorker } from '../../processes/stoppable-worker.ts';
import { simulationOf } from '../../simulator/control.ts';
import type { Effect, Fault } from '../../simulator/simulator.ts';

/** What a server that simulates Slack, and can play incidents, has of it: nothing is sent anywhere. */
export async function simulated() {
  const ledger: Effect[] = [];
  let faults: Fault[] = [];
  const slack = {
    provider: 'slack',
    ledger,
    fail: (fault: Fault) => void faults.push(fault),
    faults: () => faults,
    heal() {
      faults = [];
    },
  };
  const worker = await stoppableWorker(
    async () => ({ stopped: new Promise(() => {}), stop: async () => {} }),
    () => {},
  );
  const simulation = simulationOf([slack], {
    play: async (story) => `Q${story}`,
    storm: async (count) => Array.from({ length: count }, (_, index) => `Q${index}`),
  });
  return { slack, ledger, worker, simulation };
}
