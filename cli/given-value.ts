import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { CliFailure, exits } from '../processes/failure.ts';

/** A value as it was given: `-` is what comes by stdin and `@file` what stands in a file, so that a secret stands in no history of a shell. */
export async function givenValue(
  name: string,
  value: string,
  stdin: NodeJS.ReadableStream | undefined,
): Promise<string> {
  if (value === '-') return stdin ? (await text(stdin)).trimEnd() : '';
  return value.startsWith('@') ? readValue(name, value.slice(1)) : value;
}

const readValue = (name: string, file: string): Promise<string> =>
  readFile(file, 'utf8').then(
    (content) => content.trimEnd(),
    (error: Error) => {
      throw new CliFailure(`${name} cannot be read`, { why: error.message, exit: exits.notFound });
    },
  );
