import { onTestFinished } from 'vitest';
import {
  type PagerDutySimulator,
  pagerDutyEnvironment,
  startPagerDuty,
} from '../../../simulator/pagerduty.ts';
import { runnerFor, startServing } from '../run.ts';

/** A simulated account that ends with the test, and a way to run an activity on it as a worker would. */
export async function startAccount(env: NodeJS.ProcessEnv = {}) {
  const simulator = await startPagerDuty();
  onTestFinished(() => simulator.close());
  const settings = { ...pagerDutyEnvironment(simulator.url), ...env };
  return { simulator, settings, run: runnerFor(settings) };
}

/** An account that gives to each path under its first part, `/users/…`, the same answer. */
export async function startAnsweringAccount(answerOf: (part: string) => unknown) {
  const { url } = await startServing(({ url: asked = '' }) => {
    const [, part = ''] = /^\/(\w+)/.exec(asked) ?? [];
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(answerOf(part)),
    };
  });
  return startAccount({ PAGERDUTY_API_URL: url });
}

/** What the provider did, in a line each: `note added`. */
export const effects = ({ ledger }: PagerDutySimulator) => ledger.map(({ effect }) => effect);
