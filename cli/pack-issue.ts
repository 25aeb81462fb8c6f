import { dated } from '../domain/story/step.ts';
import { markOf } from '../domain/story/story.ts';
import { printable } from './output.ts';
import type { Pack } from './pack.ts';
import { runState } from './run-lines.ts';
import { sentenceOf } from './story.ts';

/** The workflow that writes it. What its runs did is no part of it: the same story is the same text. */
export const writer = 'tellIssue';
/** As many as the workflow takes. */
const mostCharacters = 20_000;
const mostInText = 5_000;

/** The story of an incident as a comment on its issue: title, times and runs, and the entries a line each. */
export function issueTextOf({ id, head, runs, entries }: Pack): { text: string; code: string } {
  const own = runs.filter(({ workflow }) => workflow === writer).map((run) => run.id);
  const ofOwn = (line: string) => own.some((run) => line.startsWith(`${run}: `));
  const others = runs.filter(({ workflow }) => workflow !== writer);
  // A title of several lines could else tell what Baton does not.
  const facts = head
    .filter((line) => !ofOwn(line) && !runs.some((run) => line.startsWith(`${run.id}: `)))
    .map(printable);
  const lines = entries
    .filter(({ show, run = '' }) => show.length > 0 && !own.includes(run) && !run.startsWith('plan/'))
    .map((entry) => `${dated(entry.at)} ${markOf(entry)} ${sentenceOf(entry)}`);
  const text = [
    facts.join('\n'),
    others.map((run) => printable(`${run.id}: ${runState(run)}`)).join('\n'),
    `The timeline, as Baton's record and PagerDuty's log tell it (baton timeline ${id}):`,
  ];
  return { text: text.join('\n\n').slice(0, mostInText), code: bounded(lines) };
}

/** All lines, or those of the beginning and the end for which there is room. */
function bounded(lines: readonly string[]): string {
  const all = lines.join('\n');
  if (all.length <= mostCharacters) return all;
  const room = (mostCharacters - 100) / 2;
  const [first, last] = [upTo(lines, room), upTo(lines.toReversed(), room).toReversed()];
  const left = lines.length - first.length - last.length;
  return [...first, `… ${left} entries are left out here …`, ...last].join('\n');
}

function upTo(lines: readonly string[], characters: number): string[] {
  let used = 0;
  return lines.filter((line) => {
    used += line.length + 1;
    return used <= characters;
  });
}
