import { onTestFinished, vi } from 'vitest';
import { type Ec2World, ec2Environment, ec2Simulation } from '../../../simulator/ec2.ts';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { runnerFor, startServing } from '../run.ts';

export const checkout = 'i-0abc12345def67890';
export const search = 'i-0def12345abc67890';

/** A poll, each 15 s, comes after 3 ms. */
const timeScale = 5000;
const pollSeconds = 15;

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
  const { url } = await startServing((_, form) => {
    calls.push(new URLSearchParams(form).get('Action') ?? '');
    return { status, body, headers: { 'content-type': 'text/xml' } };
  });
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
