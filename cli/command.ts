import { type Command, InvalidArgumentError } from 'commander';
import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { makeOutput, type Output } from './output.ts';

/** What a command's action is given beside its arguments. */
export interface Call<Options> {
  wiring: Wiring;
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
  wiring: Wiring,
  action: (call: Call<Options>, ...operands: string[]) => Promise<void>,
): void {
  command
    .option('--json', 'print JSON for programs')
    .option('--no-color', 'print without colour')
    .action((...given: unknown[]) => {
      const options = command.opts<Options & CommonOptions>();
      const output = makeOutput(wiring.streams, { color: options.color, env: wiring.env });
      const operands = given.slice(0, command.registeredArguments.length) as string[];
      return action({ wiring, output, json: options.json === true, options }, ...operands);
    });
}

/** Gives `use` a way to ask for operations. What it needs loads only now, so that help stays quick. */
export async function withAsk<Result>(wiring: Wiring, use: (ask: Ask) => Promise<Result>): Promise<Result> {
  const { withDoor } = await import('../processes/door.ts');
  return withDoor(wiring, use);
}

/** Rejects with `failure` where something is not there: it says what helps in the words of commands. */
export const orNotFound =
  (what: string, next: string) =>
  (error: unknown): never => {
    if (error instanceof CliFailure && error.exit === exits.notFound && error.next === undefined)
      throw new CliFailure(what, { next, exit: exits.notFound });
    throw error;
  };

/** A number of rows, as `--limit` takes it. */
export function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new InvalidArgumentError('It is a whole number from 1 to 10000.');
  return limit;
}
