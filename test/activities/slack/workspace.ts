import { onTestFinished } from 'vitest';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { type SlackWorld, slackEnvironment, slackSimulation } from '../../../simulator/slack.ts';
import { runnerFor } from '../run.ts';

/** A simulated workspace that ends with the test, and a way to run an activity on it as a worker would. */
export async function startWorkspace(env: NodeJS.ProcessEnv = {}) {
  const simulator = await startSimulator(slackSimulation());
  onTestFinished(() => simulator.close());
  return { simulator, run: runnerFor({ ...slackEnvironment(simulator.url), ...env }) };
}

/** What Slack did, in a line each: `message posted`. */
export const effects = ({ ledger }: Simulator<SlackWorld>) => ledger.map(({ effect }) => effect);

/** The methods that were called, in order. */
export const methods = ({ calls }: Simulator<SlackWorld>) =>
  calls.map(({ path }) => path.replace('/api/', '')).filter((method) => method !== 'auth.test');
