import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import { type Activity, type ActivityContext, type Attempt, carryOut } from '../../../activities/activity.ts';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { type SlackWorld, slackEnvironment, slackSimulation } from '../../../simulator/slack.ts';
import { surroundingsFor } from '../../clients.ts';

/** A simulated workspace that ends with the test, and a way to run an activity on it as a worker would. */
export async function startWorkspace(env: NodeJS.ProcessEnv = {}) {
  const simulator = await startSimulator(slackSimulation());
  onTestFinished(() => simulator.close());
  const clients = surroundingsFor({ ...slackEnvironment(simulator.url), ...env });

  function run<Input extends z.ZodType, Output extends z.ZodType>(
    activity: Activity<string, Input, Output>,
    input: z.input<Input>,
    attempt: Partial<Attempt> = {},
  ): Promise<z.output<Output>> {
    const context: ActivityContext = {
      ...clients,
      attempt: { key: 'run-1#5', number: 1, signal: new AbortController().signal, ...attempt },
    };
    return carryOut(activity, activity.input.parse(input), context).then((output) =>
      activity.output.parse(output),
    );
  }
  return { simulator, run };
}

/** What Slack did, in a line each: `message posted`. */
export const effects = ({ ledger }: Simulator<SlackWorld>) => ledger.map(({ effect }) => effect);

/** The methods that were called, in order. */
export const methods = ({ calls }: Simulator<SlackWorld>) =>
  calls.map(({ path }) => path.replace('/api/', '')).filter((method) => method !== 'auth.test');
