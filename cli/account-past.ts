import { incidentsIn, type PastIncident } from '../domain/look.ts';
import type { TriggerVerdict } from '../domain/verdict.ts';
import type { AccountPast } from '../processes/account-past.ts';
import type { Wiring } from '../processes/wiring.ts';
import { type Output, paint } from './output.ts';
import { listed, wrapped } from './wrapped.ts';

/** Reads the past of the account, and asks all triggers about it. What that needs loads only now, so that help stays quick. */
export async function readThen(
  wiring: Wiring,
  days: number,
  output: Output,
): Promise<{ past: AccountPast; incidents: PastIncident[]; verdicts: TriggerVerdict[] }> {
  const { readAccountPast } = await import('../processes/account-past.ts');
  const { wouldRun } = await import('../server/would-run.ts');
  output.note(`Reading ${days} days of PagerDuty. Nothing is written there.`);
  const past = await readAccountPast(wiring, days);
  const verdicts = await wouldRun(past.events, await wiring.loadTriggers());
  return { past, incidents: incidentsIn(past.events), verdicts };
}

/** Of which account, when, and how it was read. */
export function tellAccount(
  { simulated, since, until, requests, seconds }: AccountPast,
  incidents: number,
  output: Output,
): void {
  if (simulated) output.line(paint('SIMULATED: this account is made up', 'yellow', output.color));
  output.line(`${incidents} incidents from ${since.slice(0, 10)} to ${until.slice(0, 10)}`);
  output.line(`read by ${requests} requests in ${seconds} s, all of them reads`);
}

const limits = [
  'What a run would have found. A workflow reads alerts, instances and pods as they are at that moment; it may then do nothing, or ask a person.',
  'What was before: a title, urgency or service that somebody has changed since counts as it is now.',
  'How long a run would have lasted. It is taken to last until its incident is resolved, as storms are shared only with live runs.',
];

/** What all this does not know. */
export function tellLimits(
  { unreadable, cut: seconds }: AccountPast,
  verdicts: readonly TriggerVerdict[],
  output: Output,
): void {
  output.line();
  output.line(paint('What this does not know', 'bold', output.color));
  for (const limit of limits) for (const line of wrapped(limit.split(' '), '  ')) output.line(line);
  const untold = verdicts.flatMap(({ isTold, trigger }) => (isTold ? [] : [trigger]));
  if (untold.length > 0)
    for (const line of listed("What these say, as PagerDuty's log has none of their events:", untold, '  '))
      output.line(line);
  if (unreadable > 0) output.line(`  What ${unreadable} entries of the log say: they have another shape.`);
  if (seconds.length > 0)
    for (const line of listed('All of what happened at', seconds, '  ')) output.line(line);
}

/** So many of them, and how many more there are. */
export const cited = (items: readonly string[], most: number): string[] =>
  items.length <= most ? [...items] : [...items.slice(0, most), `and ${items.length - most} more`];
