import { stripVTControlCharacters } from 'node:util';
import { visible } from '../domain/text.ts';
import { lineWidth } from './wrapped.ts';

/** Where a command writes: data on stdout, words about it on stderr. */
export interface Output {
  /** Colour only on a terminal, and not where the reader has said no (`--no-color`, https://no-color.org). */
  color: boolean;
  /** How many characters a line has room for: as the terminal says, else 80. */
  width: number;
  /** One line of data for people. */
  line(text?: string): void;
  /** Words that are not the data: what to do next, what is under way. */
  note(text: string): void;
  /** One JSON value, for programs. */
  json(value: unknown): void;
}

export interface Streams {
  stdout: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  stderr: { write(text: string): unknown };
  /** What is read where an argument is `-`. Left out: there is none. */
  stdin?: NodeJS.ReadableStream;
}

/** Less would break every other word. */
const narrowest = 40;

export function makeOutput(
  { stdout, stderr }: Streams,
  { color, env }: { color: boolean; env: NodeJS.ProcessEnv },
): Output {
  const isAskedOff = !color || (env.NO_COLOR !== undefined && env.NO_COLOR !== '');
  return {
    color: !isAskedOff && stdout.isTTY === true,
    width: stdout.isTTY === true ? Math.max(narrowest, stdout.columns || lineWidth) : lineWidth,
    line: (text = '') => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    json: (value) => void stdout.write(`${JSON.stringify(value, forPeople, 2)}\n`),
  };
}

/** JSON escapes control characters by itself; bytes are shown as the text that they nearly always are. */
function forPeople(this: Record<string, unknown>, key: string, given: unknown): unknown {
  const value = this[key];
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : given;
}

/**
 * A text from outside, safe on a terminal: escape sequences and control characters are taken out, as are the marks that turn
 * the direction of writing; ends of line become spaces.
 */
export const printable = (text: string) => visible(stripVTControlCharacters(text).replaceAll(/\s+/g, ' '));

/** The same, of a text whose lines stay. */
export const printableText = (text: string) => visible(stripVTControlCharacters(text));

const codes = { dim: '2', red: '31', green: '32', yellow: '33', bold: '1' } as const;
export type Tone = keyof typeof codes;

export function paint(text: string, tone: Tone | undefined, color: boolean): string {
  return color && tone ? `\u001b[${codes[tone]}m${text}\u001b[0m` : text;
}
