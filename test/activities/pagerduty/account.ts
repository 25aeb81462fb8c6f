import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import { type Activity, type ActivityContext, type Attempt, carryOut } from '../../../activities/activity.ts';
import {
  type PagerDutySimulator,
  pagerDutyEnvironment,
  startPagerDuty,
} from '../../../simulator/pagerduty.ts';
import { surroundingsFor } from '../../clients.ts';

/** A simulated account that ends with the test, and a way to run an activity on it as a worker would. */
export async function startAccount(env: NodeJS.ProcessEnv = {}) {
  const simulator = await startPagerDuty();
  onTestFinished(() => simulator.close());
  const clients = surroundingsFor({ ...pagerDutyEnvironment(simulator.url), ...env });

  function run<Input extends z.ZodType, Output extends z.ZodType>(
    activity: Activity<string, Input, Output>,
    input: z.input<Input>,
    attempt: Partial<Attempt> = {},
  ): Promise<z.output<Output>> {
    const context: ActivityContext = {
      ...clients,
      attempt: { key: 'run-1/5', number: 1, signal: new AbortController().signal, ...attempt },
    };
    return carryOut(activity, activity.input.parse(input), context).then((output) =>
      activity.output.parse(output),
    );
  }
  return { simulator, clients, run };
}

/** An account that gives to each path under its first part, `/users/…`, the same answer. */
export async function startAnsweringAccount(answerOf: (part: string) => unknown) {
  const server = createServer((request, response) => {
    const [, part = ''] = /^\/(\w+)/.exec(request.url ?? '') ?? [];
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answerOf(part)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return startAccount({ PAGERDUTY_API_URL: `http://127.0.0.1:${port}` });
}

/** What the provider did, in a line each: `note added`. */
export const effects = ({ ledger }: PagerDutySimulator) => ledger.map(({ effect }) => effect);
