import { readFile } from 'node:fs/promises';
import { type Agreement, agreementsIn } from '../domain/agreement.ts';
import type { RecordRow } from '../domain/record.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Output } from './output.ts';
import { printTable, printText } from './table.ts';

const dayMs = 86_400_000;

/** The agreement that an export of the record tells, as Baton itself would tell it from the same lines. */
export async function agreementInFile(file: string, { trigger, since }: { trigger?: string; since: string }) {
  if (!/^[1-9]\d{0,3}d$/.test(since))
    throw new CliFailure(`--since ${since} is no number of days, such as 90d`, { exit: exits.usage });
  const content = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CliFailure('The export cannot be read', { why: error.message, exit: exits.notFound });
  });
  const lines = content.split('\n').flatMap((line, index) => lineIn(line, index + 1) ?? []);
  const from = new Date(Date.now() - Number.parseInt(since, 10) * dayMs).toISOString();
  return agreementsIn(lines, from).filter((each) => trigger === undefined || each.trigger === trigger);
}

/** A line of the export: its detail is the text that was hashed. What was pruned is told by lines of another form. */
function lineIn(text: string, number: number): RecordRow | undefined {
  if (text.trim() === '') return undefined;
  try {
    const line = JSON.parse(text) as RecordRow & { detail?: unknown };
    if (line.action === undefined) return undefined;
    return { ...line, detail: typeof line.detail === 'string' ? JSON.parse(line.detail) : line.detail };
  } catch (error) {
    throw new CliFailure(`Line ${number} of the export is not JSON`, {
      why: (error as Error).message,
      next: 'baton record export writes one.',
      exit: exits.usage,
    });
  }
}

/** A line for each trigger, and one for each change that its runs would have made. */
export function printAgreements(items: readonly Agreement[], output: Output): void {
  if (items.length === 0) output.note('No run has watched, proposed or asked for what cannot be taken back.');
  for (const { trigger, done, refused, notKnown, rate, runs } of items) {
    const agreed = rate === undefined ? 'not known' : `${Math.round(rate * 100)} %`;
    printText(
      `${trigger}  agreement: ${agreed} (${done} done, ${refused} refused, ${notKnown} not known)`,
      output,
    );
    const rows = runs.flatMap(({ incident, mode, at, changes }) =>
      changes.map(({ activity, targets, verdict, by = '' }) => [
        at,
        incident,
        mode,
        activity,
        targets.join(', '),
        verdict,
        by,
      ]),
    );
    printTable(['AT', 'INCIDENT', 'MODE', 'WOULD DO', 'ON', 'PEOPLE', 'BY'], rows, output);
  }
}
