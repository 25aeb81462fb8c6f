import { onTestFinished } from 'vitest';
import type { Baton } from '../../../activities/baton.ts';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { type SlackWorld, slackEnvironment, slackSimulation } from '../../../simulator/slack.ts';
import { surroundingsFor } from '../../clients.ts';
import { runnerFor } from '../run.ts';

/** A simulated workspace that ends with the test, and a way to run an activity on it as a worker would. `baton`: what it is asked of Baton itself. */
export async function startWorkspace(env: NodeJS.ProcessEnv = {}, baton: Partial<Baton> = {}) {
  const simulator = await startSimulator(slackSimulation());
  onTestFinished(() => simulator.close());
  const settings = { ...slackEnvironment(simulator.url), ...env };
  const run = runnerFor(settings, { baton: { ...surroundingsFor(settings).baton, ...baton } });
  return { simulator, run };
}

/** What Slack did, in a line each: `message posted`. */
export const effects = ({ ledger }: Simulator<SlackWorld>) => ledger.map(({ effect }) => effect);

/** The methods that were called, in order. */
export const methods = ({ calls }: Simulator<SlackWorld>) =>
  calls.map(({ path }) => path.replace('/api/', '')).filter((method) => method !== 'auth.test');
