import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import { type Activity, type ActivityContext, type Attempt, carryOut } from '../../../activities/activity.ts';
import { type JiraWorld, jiraEnvironment, jiraSimulation } from '../../../simulator/jira.ts';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { surroundingsFor } from '../../clients.ts';

/** The wait for Jira's search, 5 s, takes 5 ms. */
const timeScale = '1000';

/** What an attempt gets after one that may have acted. */
export const afterUnknownOutcome = { number: 2, uncertainSince: '2026-11-21T08:00:00.000Z' };

/** Runs an activity as a worker would, with the client for these settings. */
export function runnerFor(env: NodeJS.ProcessEnv) {
  const clients = surroundingsFor(env);
  return function run<Input extends z.ZodType, Output extends z.ZodType>(
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
  };
}

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

interface Reply {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

/** A Jira that answers by what is asked: `POST /rest/api/3/issue` and the body. */
export async function startReplying(
  reply: (call: string, body: unknown) => Reply,
  env: NodeJS.ProcessEnv = {},
) {
  const server = createServer(async (request, response) => {
    const text = (await request.toArray()).join('');
    const { status, body, headers } = reply(
      `${request.method} ${request.url}`,
      text === '' ? {} : JSON.parse(text),
    );
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return runnerFor({ ...jiraEnvironment(`http://127.0.0.1:${port}`), ...env });
}

/** What Jira did, in a line each: `issue created`. */
export const effects = ({ ledger }: Simulator<JiraWorld>) => ledger.map(({ effect }) => effect);

/** The calls without the base, in order: `POST issue`. */
export const calls = ({ calls: all }: Simulator<JiraWorld>) =>
  all.map(({ method, path }) => `${method} ${path.replace('/rest/api/3/', '').replace(/\?.*/, '')}`);

/** The failure that something ends in. */
export async function failureOf(outcome: Promise<unknown>): Promise<Record<string, unknown>> {
  return outcome.then(
    () => {
      throw new Error('it succeeded');
    },
    (error) => error,
  );
}
