import { incidentsIn, type PastIncident, type TriggerLook, withoutDrills } from '../domain/look.ts';
import type { TriggerVerdict } from '../domain/verdict.ts';
import type { AccountPast } from '../processes/account-past.ts';
import type { Wiring } from '../processes/wiring.ts';
import { type Output, paint, printable } from './output.ts';
import { listed, wrapped } from './wrapped.ts';

/** Reads the past of the account, or of a file, without its drills. What that needs loads only now, so that help stays quick. */
export async function readThen(
  wiring: Wiring,
  { days, file, automation }: { days: number; file?: string | undefined; automation?: ReadonlySet<string> },
  output: Output,
): Promise<{ past: AccountPast; incidents: PastIncident[] }> {
  const { readAccountPast, readExportedPast } = await import('../processes/account-past.ts');
  output.note(
    file === undefined
      ? `Reading ${days} days of PagerDuty. Nothing is written there.`
      : `Reading ${printable(file)}. PagerDuty is not asked.`,
  );
  const read = file === undefined ? await readAccountPast(wiring, days) : await readExportedPast(file);
  const past = { ...read, events: withoutDrills(read.events) };
  return { past, incidents: incidentsIn(past.events, automation) };
}

/** Of which account, when, and how it was read. */
export function tellAccount(
  { simulated, since, until, requests, seconds, file, bad = [] }: AccountPast,
  incidents: number,
  output: Output,
): void {
  if (simulated) output.line(paint('SIMULATED: this account is made up', 'yellow', output.color));
  output.line(`${counted(incidents, 'incident')} from ${since.slice(0, 10)} to ${until.slice(0, 10)}`);
  if (file === undefined)
    output.line(`read by ${counted(requests, 'request')} in ${seconds} s, all of them reads`);
  else for (const line of wrapped(['read', 'from', printable(file)], '')) output.line(line);
  if (bad.length === 0) return;
  output.line(paint(`${bad.length} of its entries cannot be read and are left out:`, 'yellow', output.color));
  for (const { where, why } of bad.slice(0, shownBad))
    for (const line of wrapped(printable(`${where} ${why}`).split(' '), '  ')) output.line(line);
  if (bad.length > shownBad) output.line(`  and ${bad.length - shownBad} more (--json has all)`);
}

/** JSON has all of them. */
const shownBad = 10;

const limits = [
  'What a run would have found. A workflow reads alerts, instances and pods as they are at that moment; it may then do nothing, or ask a person.',
  'What was before: a title, urgency or service that somebody has changed since counts as it is now.',
  'Who is a program: what one does in the name of a user, as Baton does, counts as done by a person.',
  'How long a run would have lasted. It is taken to last until its incident is resolved, as storms are shared only with live runs.',
];

const limitsOfFiles = [
  "What happened between: an export tells of an incident's beginning, its first acknowledgement and its end.",
];

/** What all this does not know. */
export function tellLimits(
  { unreadable, cut: seconds, file }: AccountPast,
  verdicts: readonly TriggerVerdict[],
  output: Output,
): void {
  output.line();
  output.line(paint('What this does not know', 'bold', output.color));
  for (const limit of [...limits, ...(file === undefined ? [] : limitsOfFiles)])
    for (const line of wrapped(limit.split(' '), '  ')) output.line(line);
  const untold = verdicts.flatMap(({ isTold, trigger }) => (isTold ? [] : [trigger]));
  if (untold.length > 0)
    for (const line of listed("What these say, as PagerDuty's log has none of their events:", untold, '  '))
      output.line(line);
  if (unreadable > 0) output.line(`  What ${unreadable} entries of the log say: they have another shape.`);
  if (seconds.length > 0)
    for (const line of listed('All of what happened at', seconds, '  ')) output.line(line);
}

/** `1 run`, `2 runs`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What a trigger would have begun, and what of it would have come to one run. */
export function begunBy({ workflow, runs, joined, targets, fault, failed }: TriggerLook): string[] {
  const begun = `${counted(runs, 'run')} of ${workflow} on ${counted(targets.length, 'target')}`;
  const shared = joined === 0 ? '' : `; ${counted(joined, 'incident')} would have joined a run in a storm`;
  const failures = fault === undefined ? '' : `; it failed ${counted(failed, 'time')}, first by: ${fault}`;
  return wrapped(printable(`${begun}${shared}${failures}`).split(' '), '  ');
}

/** On what its runs would have acted. */
export const targetsOf = ({ targets }: TriggerLook): string[] =>
  targets.length === 0
    ? []
    : listed(
        'on',
        cited(
          targets.map(({ target, runs }) => printable(`${target} (${runs})`)),
          8,
        ),
        '  ',
      );

/** So many of them, and how many more there are. */
export const cited = (items: readonly string[], most: number): string[] =>
  items.length <= most ? [...items] : [...items.slice(0, most), `and ${items.length - most} more`];
