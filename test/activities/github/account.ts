import { onTestFinished } from 'vitest';
import { githubEnvironment, githubSimulation, type SimulatedRepository } from '../../../simulator/github.ts';
import { startSimulator } from '../../../simulator/simulator.ts';
import { type Reply, runnerFor, startServing } from '../run.ts';

/** The wait for GitHub's lists, 10 s, takes 10 ms. */
const timeScale = '1000';

/** A simulated GitHub that ends with the test. */
export async function startGitHub(env: NodeJS.ProcessEnv = {}) {
  const simulator = await startSimulator(githubSimulation());
  onTestFinished(() => simulator.close());
  const settings = { ...githubEnvironment(simulator.url), BATON_SIMULATED_TIME_SCALE: timeScale, ...env };
  const [shop] = simulator.world.repositories;
  return {
    simulator,
    settings,
    shop: shop as SimulatedRepository,
    run: runnerFor(settings),
    /** What GitHub did, in a line each: `issue created`. */
    effects: () => simulator.ledger.map(({ effect }) => effect),
    calls: () => simulator.calls.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`),
  };
}

/** A GitHub that always answers so. */
export async function startAnswering(reply: Reply) {
  const server = await startServing(() => reply);
  return { ...server, run: runnerFor(githubEnvironment(server.url)) };
}
