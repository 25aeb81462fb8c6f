import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished, vi } from 'vitest';
import type { z } from 'zod';
import { type Activity, type ActivityContext, type Attempt, carryOut } from '../../../activities/activity.ts';
import { type Ec2World, ec2Environment, ec2Simulation } from '../../../simulator/ec2.ts';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { surroundingsFor } from '../../clients.ts';

export const checkout = 'i-0abc12345def67890';
export const search = 'i-0def12345abc67890';

/** A poll, each 15 s, comes after 3 ms. */
const timeScale = 5000;
const pollSeconds = 15;

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

/**
 * A simulated region that ends with the test. Its time, and that of whoever waits for it, is the number of calls: each is
 * 15 s after the one before.
 */
export async function startRegion(env: NodeJS.ProcessEnv = {}) {
  const start = Date.now();
  const simulator: Simulator<Ec2World> = await startSimulator(
    ec2Simulation({ timeScale, clock: () => Date.now() }),
  );
  onTestFinished(() => simulator.close());
  /** The machine's time at which so many seconds have passed in the region. */
  const at = (seconds: number) => start + (seconds * 1000) / timeScale;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => at(simulator.calls.length * pollSeconds));
  onTestFinished(() => clock.mockRestore());
  const instance = (id: string) => {
    const found = simulator.world.instances.find((each) => each.id === id);
    if (!found) throw new Error(`No instance ${id}`);
    return found;
  };
  const run = runnerFor({ ...ec2Environment(simulator.url, timeScale), ...env });
  return { simulator, run, instance, at };
}

/** An EC2 that always answers so. */
export async function startAnswering(status: number, body: string, env: NodeJS.ProcessEnv = {}) {
  const calls: string[] = [];
  const server = createServer(async (request, response) => {
    let form = '';
    for await (const chunk of request) form += chunk;
    calls.push(new URLSearchParams(form).get('Action') ?? '');
    response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { run: runnerFor({ ...ec2Environment(url, timeScale), ...env }), calls };
}

export const errorXml = (code: string, message = 'words') =>
  `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>1</RequestID></Response>`;

/** What EC2 did, in a line each: `instance rebooted i-…`. */
export const effects = ({ ledger }: Simulator<Ec2World>) =>
  ledger.map(({ effect, target }) => `${effect} ${target}`);

/** The actions that were called, in order. */
export const actions = ({ calls }: Simulator<Ec2World>) =>
  calls.map(({ body }) => new URLSearchParams(body).get('Action'));

/** The failure that something ends in. */
export async function failureOf(outcome: Promise<unknown>): Promise<Record<string, unknown>> {
  return outcome.then(
    () => {
      throw new Error('it succeeded');
    },
    (error) => error,
  );
}
