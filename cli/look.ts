import { type Command, Option } from 'commander';
import { type Wait, type Waits, waitsIn } from '../domain/incident-waits.ts';
import { inWords, lookOf, type Repeat, repeatsIn, type Sum, type TriggerLook } from '../domain/look.ts';
import type { Wiring } from '../processes/wiring.ts';
import { begunBy, cited, counted, readThen, targetsOf, tellAccount, tellLimits } from './account-past.ts';
import { act } from './command.ts';
import { parseDays } from './days.ts';
import { type Output, paint, printable } from './output.ts';
import { span } from './pack.ts';
import { cut, listed, wrapped } from './wrapped.ts';

/** JSON has all of them. */
const shownRepeats = 12;

/** `baton look`: what repeats in a PagerDuty account, and what triggers would have done. It reads, and changes nothing. */
export function addLookCommand(program: Command, wiring: Wiring): void {
  act<{ since: number; from?: string; automation?: string[] }>(
    program
      .command('look')
      .description('what repeats in PagerDuty, and what each trigger would have done; only reads')
      .option('--since <days>', 'from so long ago on, as 90d', parseDays, 90)
      .addOption(
        new Option('--from <file>', 'read an export of incidents (CSV or JSON), and ask nobody').conflicts(
          'since',
        ),
      )
      .option('--automation <user...>', 'users of PagerDuty by which automation acts, by name'),
    wiring,
    async ({ output, json, options: { since: days, from: file, automation: named = [] } }) => {
      const { wouldRun } = await import('../server/dispatch/would-run.ts');
      const automation = new Set(named);
      const { past, incidents } = await readThen(wiring, { days, file, automation }, output);
      const waits = waitsIn(past.events, automation);
      const verdicts = await wouldRun(past.events, await wiring.loadTriggers());
      const repeats = repeatsIn(incidents);
      const looks = verdicts.map((verdict) => lookOf(verdict, incidents));
      if (json) {
        const { events: _, ...account } = past;
        return output.json({ ...account, incidents: incidents.length, waits, repeats, triggers: looks });
      }
      tellAccount(past, incidents.length, output);
      tellWaits(waits, automation.size > 0, output);
      tellRepeats(repeats, output);
      output.line();
      output.line(paint('What each trigger would have done', 'bold', output.color));
      for (const look of looks) if (look.isTold) tellTrigger(look, incidents.length, output);
      tellLimits(past, verdicts, output);
    },
  );
}

/** MTTA and MTTR. */
function tellWaits(
  { all, withAutomation, withoutAutomation }: ReturnType<typeof waitsIn>,
  isParted: boolean,
  output: Output,
): void {
  output.line();
  output.line(paint('How long incidents waited', 'bold', output.color));
  const tell = (what: string, { incidents, acknowledged, resolved }: Waits) => {
    output.line(`  ${what}: ${counted(incidents, 'incident')}`);
    if (acknowledged.count > 0) output.line(`    ${timeInWords('acknowledged', acknowledged)}`);
    if (resolved.count > 0) output.line(`    ${timeInWords('resolved', resolved)}`);
  };
  tell('all', all);
  if (isParted) {
    tell('with automation', withAutomation);
    tell('without automation', withoutAutomation);
  } else output.line('  --automation <user> parts those that this user acknowledged or resolved');
}

const timeInWords = (what: string, { count, medianSeconds = 0, meanSeconds = 0 }: Wait) =>
  `${count} ${what}, after ${span(medianSeconds)} (median), ${span(meanSeconds)} (mean)`;

function tellRepeats(repeats: readonly Repeat[], output: Output): void {
  const repeated = repeats.reduce((sum, { count }) => sum + count, 0);
  output.line();
  output.line(paint(`What repeats: ${repeated} incidents of ${repeats.length} kinds`, 'bold', output.color));
  for (const { count, service, title, untilAcknowledged, untilResolved, inHand } of repeats.slice(
    0,
    shownRepeats,
  )) {
    output.line(cut(`${String(count).padStart(5)} × ${printable(`${service}: ${title}`)}`));
    const medians = [medianIn('acknowledged', untilAcknowledged), medianIn('resolved', untilResolved)].filter(
      (words) => words !== '',
    );
    if (medians.length > 0) output.line(`        ${medians.join(', ')} (medians)`);
    if (inHand.count > 0) output.line(`        in people's hands: ${productOf(inHand)}`);
  }
  const left = repeats.slice(shownRepeats);
  if (left.length > 0) output.line(`        and ${left.length} kinds more (--json has all)`);
}

const medianIn = (what: string, { count, medianMinutes }: Sum) =>
  count === 0 ? '' : `${what} after ${inWords(medianMinutes)}`;

/** Such that the reader can calculate again. */
const productOf = ({ count, medianMinutes, totalMinutes }: Sum) =>
  `${counted(count, 'incident')} × median ${medianMinutes} min = ${inWords(totalMinutes)}`;

function tellTrigger(look: TriggerLook, all: number, output: Output): void {
  const { trigger, incidents, noes, untilActed, unattended } = look;
  output.line();
  output.line(paint(trigger, 'bold', output.color));
  output.line(`  yes to ${incidents.length} of ${counted(all, 'incident')}`);
  for (const line of [...begunBy(look), ...targetsOf(look)]) output.line(line);
  for (const [reason, count] of Object.entries(noes).sort(([, one], [, other]) => other - one))
    for (const line of wrapped(printable(`no ${counted(count, 'time')}: ${reason}`).split(' '), '  '))
      output.line(line);
  if (incidents.length === 0) return;
  for (const line of listed('incidents', cited(incidents.map(String), 24), '  ')) output.line(line);
  if (untilActed.count > 0) output.line(`  until a person acted: ${productOf(untilActed)}`);
  if (unattended > 0) output.line(`  nobody did anything about ${unattended} of them`);
}
