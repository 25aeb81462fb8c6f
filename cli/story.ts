import type { Step } from '../domain/story/step.ts';
import { type Mark, markOf } from '../domain/story/story.ts';
import { paint, printable, type Tone } from './output.ts';
import { lineWidth } from './wrapped.ts';

type Told = Pick<Step, 'at' | 'actor' | 'kind' | 'text' | 'run'>;

const tones: Partial<Record<Mark, Tone>> = { '-': 'dim', '.': 'dim', '=': 'dim', '+': 'green', '!': 'red' };
const indent = ' '.repeat(14);

/** Prints steps one after the other, each day under its date. */
export function storyPrinter(output: { color: boolean; line(text?: string): void }): (step: Told) => void {
  let day = '';
  return (step) => {
    if (step.at.slice(0, 10) !== day) {
      day = step.at.slice(0, 10);
      output.line(paint(`${day}, times in UTC`, 'bold', output.color));
    }
    for (const line of stepLines(step)) output.line(paint(line, tones[markOf(step)], output.color));
  };
}

/** `07:19:28Z + ec2-unhealthy: rebootEc2Instances i-0abc…: Reboots i-0abc…`, in as many lines as it takes. */
export const stepLines = (step: Told): string[] =>
  hung(`${step.at.slice(11, 19)}Z ${markOf(step)} `, sentenceOf(step), indent);

/** A step with whoever acts, as one would say it. */
export function sentenceOf({ actor, text }: Pick<Step, 'actor' | 'text'>): string {
  const [, kind = '', name = actor] = /^(trigger|person|token|slack):(.*)$/.exec(actor) ?? [];
  const shown = printable(text);
  if (kind === '' || shown.toLowerCase().startsWith(name.toLowerCase())) return shown;
  return kind === 'trigger' ? `${printable(name)}: ${shown}` : `${printable(name)} ${shown}`;
}

/** A text under what stands before it, in lines that a terminal of so many columns holds. */
export function hung(
  before: string,
  text: string,
  under = ' '.repeat(before.length),
  width = lineWidth,
): string[] {
  const lines: string[] = [];
  const most = Math.max(width - under.length, 1);
  let line = before;
  let isEmpty = true;
  for (const word of text.split(' '))
    for (const [place, piece] of inPieces(word, most).entries()) {
      const isFull = place > 0 || line.length + (isEmpty ? 0 : 1) + piece.length > width;
      if (isFull && line.trim() !== '') {
        lines.push(line);
        line = `${under}${piece}`;
      } else line += isEmpty ? piece : ` ${piece}`;
      isEmpty = false;
    }
  return [...lines, line].map((each) => each.trimEnd());
}

/** A word that no line holds, such as an address, is broken and not cut: it can be read, and copied. */
const inPieces = (word: string, most: number): string[] =>
  word.length <= most ? [word] : (word.match(new RegExp(`.{1,${most}}`, 'gu')) ?? [word]);
