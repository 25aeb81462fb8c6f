import { CliFailure, exits } from '../processes/failure.ts';
import { printable } from './output.ts';

/** `name=value`. What is JSON is taken as such, so that a number is one; all else is text. */
export function fieldOf(text: string): [string, unknown] {
  const [, name, value] = /^([A-Za-z]\w{0,100})=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new CliFailure(`"${printable(text)}" is not of the form name=value`, {
      next: 'baton workflows list shows what each workflow takes.',
      exit: exits.usage,
    });
  try {
    return [name, JSON.parse(value)];
  } catch {
    return [name, value];
  }
}
