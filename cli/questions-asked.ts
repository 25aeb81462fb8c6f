import { Readable, Writable } from 'node:stream';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Streams } from './output.ts';

export interface Choice {
  value: string;
  label: string;
  hint?: string;
}

/** Asks whoever sits at the terminal. Each rejects where they leave. */
export interface Asking {
  choose(message: string, choices: readonly Choice[]): Promise<string>;
  /** The same of a long list, which is searched by typing. */
  search(message: string, choices: readonly Choice[]): Promise<string>;
  write(message: string, initial?: string): Promise<string>;
  /** What is written is not shown. */
  hide(message: string): Promise<string>;
  confirm(message: string): Promise<boolean>;
}

/** Undefined: nobody sits there. The words go to stderr, so that what is printed can be read by a program. */
export async function askingAt({ stdin, stderr }: Streams): Promise<Asking | undefined> {
  if (!(stdin instanceof Readable && stderr instanceof Writable)) return undefined;
  if (!('isTTY' in stdin && stdin.isTTY === true)) return undefined;
  const clack = await import('@clack/prompts');
  const on = { input: stdin, output: stderr };
  const told = async <Value>(answer: Promise<Value | typeof clack.CANCEL_SYMBOL>): Promise<Value> => {
    const value = await answer;
    if (value !== clack.CANCEL_SYMBOL) return value as Value;
    throw new CliFailure('Nothing was changed', { exit: exits.interrupted });
  };
  const isGiven = (value: string | undefined) => (value?.trim() ? undefined : 'Write something');
  return {
    choose: (message, choices) => told(clack.select({ ...on, message, options: [...choices] })),
    search: (message, choices) =>
      told(clack.autocomplete({ ...on, message, options: [...choices], maxItems: 10 })),
    write: (message, initial) =>
      told(
        clack.text({
          ...on,
          message,
          validate: isGiven,
          ...(initial === undefined ? {} : { initialValue: initial }),
        }),
      ),
    hide: (message) => told(clack.password({ ...on, message, validate: isGiven })),
    confirm: (message) => told(clack.confirm({ ...on, message })),
  };
}
