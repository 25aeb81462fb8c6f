import { createHash } from 'node:crypto';
import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import { namedIncident, orNoIncident } from './named-incident.ts';
import { type Output, printable } from './output.ts';
import { type Pack, packOf } from './pack.ts';
import { issueTextOf, writer } from './pack-issue.ts';
import { tellPlan, untilEnded } from './plan.ts';

interface Told {
  issue?: string | undefined;
  dryRun?: boolean | undefined;
  reason: string;
}

/** Starts the run that writes the story of an incident on its issue, waits for the end, and prints what became of it. */
export async function tellIssue(
  named: string,
  told: Told,
  ask: Ask,
  { output, json }: { output: Output; json: boolean },
): Promise<void> {
  const pack = await namedIncident(named, ask)
    .then((id) => packOf(id, ask))
    .catch(orNoIncident(named));
  for (const warning of pack.warnings) output.note(printable(warning));
  const { run: begun, isNew } = await begin(pack, told, ask);
  if (told.dryRun) return tellPlan(begun.id, ask, { output, json });
  const run = await untilEnded(begun.id, ask);
  if (json) output.json({ run, isNew });
  if (run.outcome === 'no issue')
    throw new CliFailure(`Baton has made no issue for ${pack.id}`, {
      next: 'Name one: --issue OPS-12.',
      exit: exits.notFound,
    });
  if (run.state !== 'completed')
    throw new CliFailure(`${run.id} has not written it: ${run.failure?.message ?? run.state}`);
  if (!json)
    output.line(
      isNew ? 'It is written on the issue.' : 'It was written before, and nothing has happened since.',
    );
  output.note(`What was done: baton runs show ${run.id}`);
}

function begin(pack: Pack, { issue, dryRun = false, reason }: Told, ask: Ask) {
  const input = { incidentId: pack.id, ...issueTextOf(pack), ...(issue === undefined ? {} : { issue }) };
  // The same story is the same run. One that has not written it is no reason not to try again.
  const failed = pack.runs.filter(
    ({ workflow, state, outcome }) => workflow === writer && (state !== 'completed' || outcome !== 'told'),
  );
  const text = JSON.stringify([input, failed.map(({ id }) => id).sort()]);
  const key = `timeline-${createHash('sha256').update(text).digest('hex')}`;
  return ask('runs.start', { workflow: writer, input, plan: dryRun, reason }, dryRun ? undefined : key);
}
