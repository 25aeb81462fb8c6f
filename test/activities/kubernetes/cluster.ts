import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type KubernetesWorld,
  kubernetesEnvironment,
  kubernetesSimulation,
} from '../../../simulator/kubernetes.ts';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { runnerFor } from '../run.ts';

/** Waits of five seconds take 1 ms. */
const timeScale = 5000;

/** A folder that ends with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'baton-kubernetes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A simulated cluster that ends with the test. Its clock stands still unless the test moves it on. */
export async function startCluster(env: NodeJS.ProcessEnv = {}) {
  let now = Date.now();
  const simulator = await startSimulator(kubernetesSimulation({ timeScale: 1, now: () => now }));
  onTestFinished(() => simulator.close());
  const settings = kubernetesEnvironment(simulator.url, join(temporaryFolder(), 'config'));
  const run = runnerFor({ ...settings, BATON_SIMULATED_TIME_SCALE: `${timeScale}`, ...env });
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  return { simulator, run, pass };
}

/** What the cluster did, in a line each: `deployment restarted`. */
export const effects = ({ ledger }: Simulator<KubernetesWorld>) => ledger.map(({ effect }) => effect);
