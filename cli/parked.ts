import { otherInputLines, parkedSummary } from '../domain/park.ts';
import { dated } from '../domain/story/step.ts';
import type { ShownRun } from '../server/operations/shapes.ts';
import { type Output, printable } from './output.ts';
import { printFacts, toTheLetter } from './table.ts';

type Parked = NonNullable<ShownRun['parked']>[number];

/** That a run is parked, and what helps, in one line. */
export const parkedLine = (run: string, parked: Parked): string =>
  printable(`${parkedSummary(parked)}; until ${dated(parked.expiresAt)} (baton runs unpark ${run})`);

/** All that whoever decides has to know of one step. */
export function printParked(parked: Parked, output: Output): void {
  const { question, uncertainSince, input, whoMay, askedAt, expiresAt } = parked;
  output.line(printable(parkedSummary(parked)));
  const facts: [string, string][] = [
    ['failure', `${parked.failure.class}: ${parked.failure.message}`],
    [
      'outcome',
      uncertainSince === undefined
        ? 'it was not made'
        : `not known: an attempt that began at ${uncertainSince} may have made it. A retry looks first`,
    ],
    ['may decide', whoMay],
    ['parked', askedAt],
    ['until', expiresAt],
    ['question', question],
  ];
  printFacts(facts, toTheLetter(output), '  ');
  output.line('  input');
  for (const line of otherInputLines({ input })) output.line(`    ${printable(line.replace(/^with /, ''))}`);
}
