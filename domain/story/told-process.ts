import { detailOf, type RecordRow } from '../record.ts';
import { dated, type MakeStep, type Step } from './step.ts';

/** What lines about Baton's own processes are filed under. */
export const processSubject = 'baton';

/** What a line about a process of Baton itself tells; undefined for any other line. */
export function toldOfProcess(row: RecordRow, make: MakeStep): Step[] | undefined {
  if (detailOf(row, 'process.stopped'))
    return [make('process', 'Baton stops, as it was told to: what is under way is kept')];
  const started = detailOf(row, 'process.started');
  if (!started) return undefined;
  const { before } = started;
  if (before?.clean !== false) return [make('process', 'Baton starts: what was under way goes on')];
  const since = before.lastAt === undefined ? '' : ` after ${dated(before.lastAt)}`;
  return [
    make(
      'process',
      `Baton starts again: it had ended without being stopped${since}, and what was under way goes on`,
    ),
  ];
}
