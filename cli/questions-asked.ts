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
  /** Several of a long list; none is an answer too. */
  several(message: string, choices: readonly Choice[]): Promise<readonly string[]>;
  write(message: string): Promise<string>;
  /** The same; nothing is an answer too. */
  writeOrNot(message: string): Promise<string>;
  /** What is written is not shown. */
  hide(message: string): Promise<string>;
  hideOrNot(message: string): Promise<string>;
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
    several: (message, choices) =>
      told(
        clack.autocompleteMultiselect({
          ...on,
          message,
          options: [...choices],
          maxItems: 10,
          required: false,
        }),
      ),
    write: (message) => told(clack.text({ ...on, message, validate: isGiven })),
    writeOrNot: async (message) => (await told(clack.text({ ...on, message }))) ?? '',
    hide: (message) => told(clack.password({ ...on, message, validate: isGiven })),
    hideOrNot: async (message) => (await told(clack.password({ ...on, message }))) ?? '',
    confirm: (message) => told(clack.confirm({ ...on, message })),
  };
}
