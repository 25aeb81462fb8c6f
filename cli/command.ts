import { type Command, InvalidArgumentError } from 'commander';
import type { Dispatcher } from 'undici';
import type { AnyActivity } from '../activities/activity.ts';
import type { Clients } from '../activities/clients.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { makeOutput, type Output, type Streams } from './output.ts';
import type { StartSimulators } from './simulators.ts';
import type { StoreAccess } from './store-access.ts';

/** What the composition root hands to the command line. The lists are loaded by the commands that need them. */
export interface Parts {
  /** The arguments alone, without the program's name. */
  argv: readonly string[];
  env: NodeJS.ProcessEnv;
  streams: Streams;
  loadTriggers(): Promise<readonly Trigger[]>;
  loadActivities(): Promise<{
    activities: readonly AnyActivity[];
    connectClients(env: NodeJS.ProcessEnv): Clients;
    /** By which way an address is reached: straight, or through the network's proxy. */
    wayTo(address: string, env: NodeJS.ProcessEnv): Dispatcher;
  }>;
  /** The file that exports every workflow. */
  workflowsPath: string;
  startSimulators: StartSimulators;
}

/** What a command's action is given beside its arguments. */
export interface Call<Options> {
  parts: Parts;
  output: Output;
  /** The reader is a program. */
  json: boolean;
  options: Options;
}

interface CommonOptions {
  json?: boolean;
  color: boolean;
}

/** Gives a command its action and the options that all commands have. */
export function act<Options>(
  command: Command,
  parts: Parts,
  action: (call: Call<Options>, ...operands: string[]) => Promise<void>,
): void {
  command
    .option('--json', 'print JSON for programs')
    .option('--no-color', 'print without colour')
    .action((...given: unknown[]) => {
      const options = command.opts<Options & CommonOptions>();
      const output = makeOutput(parts.streams, { color: options.color, env: parts.env });
      const operands = given.slice(0, command.registeredArguments.length) as string[];
      return action({ parts, output, json: options.json === true, options }, ...operands);
    });
}

/** Asks the store. It loads only now, so that help stays quick. */
export async function askStore<Result>(
  { env }: Parts,
  use: (store: StoreAccess) => Promise<Result>,
): Promise<Result> {
  const { withStore } = await import('./store-access.ts');
  return withStore(env, use);
}

/** A number of rows, as `--limit` takes it. */
export function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new InvalidArgumentError('It is a whole number from 1 to 10000.');
  return limit;
}
