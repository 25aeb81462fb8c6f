import { onTestFinished } from 'vitest';
import { type JiraWorld, jiraEnvironment, jiraSimulation } from '../../../simulator/jira.ts';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { type Reply, runnerFor, startServing } from '../run.ts';

/** The wait for Jira's search, 5 s, takes 5 ms. */
const timeScale = '1000';

/** A simulated Jira that ends with the test. */
export async function startSite(env: NodeJS.ProcessEnv = {}) {
  const simulator = await startSimulator(jiraSimulation());
  onTestFinished(() => simulator.close());
  const settings = { ...jiraEnvironment(simulator.url), BATON_SIMULATED_TIME_SCALE: timeScale };
  return { simulator, run: runnerFor({ ...settings, ...env }) };
}

/** A Jira that always answers so. */
export const startAnswering = (status: number, body: string, headers: Record<string, string> = {}) =>
  startReplying(() => ({ status, body, headers }));

/** A Jira that answers by what is asked: `POST /rest/api/3/issue` and the body. */
export async function startReplying(
  reply: (call: string, body: unknown) => Reply,
  env: NodeJS.ProcessEnv = {},
) {
  const { url } = await startServing((request, text) =>
    reply(`${request.method} ${request.url}`, text === '' ? {} : JSON.parse(text)),
  );
  return runnerFor({ ...jiraEnvironment(url), ...env });
}

/** What Jira did, in a line each: `issue created`. */
export const effects = ({ ledger }: Simulator<JiraWorld>) => ledger.map(({ effect }) => effect);

/** The calls without the base, in order: `POST issue`. */
export const calls = ({ calls: all }: Simulator<JiraWorld>) =>
  all.map(({ method, path }) => `${method} ${path.replace('/rest/api/3/', '').replace(/\?.*/, '')}`);
