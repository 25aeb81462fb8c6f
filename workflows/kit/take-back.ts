import { CancellationScope, ContinueAsNew } from '@temporalio/workflow';
import type { MadeHere } from '../../domain/made.ts';
import { oneLine } from '../../domain/text.ts';
import { changes, steps } from './activities.ts';
import { takingBack } from './call-approval.ts';
import { failureOf, orUnavailable } from './parts.ts';
import { record } from './record.ts';
import { engine, isLooking, runCause } from './run.ts';

/** What was taken back before, and what took it back: it is looked at once, however such parts lie in one another. */
const dealtWith = new Set<string>();

/**
 * Does a part of a runbook. Where it fails, or the run is to end meanwhile, all that it has changed is taken back, the newest first, by the
 * inverse that each change's plan has told; then it throws what it failed with. What cannot be taken back is told, and keeps nothing else from
 * its way back, which nothing stops once it has begun:
 *
 *     await orTakeBack(async () => {
 *       await steps.scaleKubernetesDeployment({ namespace, deployment, replicas: 6 });
 *       await verify(isReady, { timeout: '10 minutes', stableFor: '1 minute' });
 *     });
 *
 * Of Slack, Jira, PagerDuty and GitHub nothing is taken back: people have read it. A way back is a change, and so passes guards and modes as any.
 * But what the run itself has just changed does not hold it, and where people have approved the change they have seen its inverse, so that
 * nobody is asked again.
 */
export async function orTakeBack<Result>(work: () => Promise<Result>): Promise<Result> {
  if (isLooking()) return work();
  const before = new Set((await engine.listMade({})).map(({ key }) => key));
  try {
    return await work();
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    await CancellationScope.nonCancellable(() => takeBack(before));
    throw error;
  }
}

async function takeBack(before: ReadonlySet<string>): Promise<void> {
  const made = (await engine.listMade({})).filter(({ key }) => !before.has(key) && !dealtWith.has(key));
  if (made.length === 0) return;
  const lines: string[] = [];
  for (const each of made) lines.push(await wayBack(each));
  for (const { key } of await engine.listMade({})) if (!before.has(key)) dealtWith.add(key);
  await tell(lines);
}

/** Takes one change back, and says what became of that. */
async function wayBack({ key, activity, targets, inverse, certain }: MadeHere): Promise<string> {
  const what = `${activity} of ${targets.join(', ') || key}`;
  if (!certain)
    return `Not taken back: ${what}. Whether it was made is not known, so look before you take it back by hand.`;
  if ('none' in inverse) return `Not taken back: ${what}. ${inverse.none}.`;
  try {
    await takingBack(key, () => changes(inverse.activity, inverse.input));
    return `Taken back: ${what}, by ${inverse.activity}.`;
  } catch (error) {
    // Whatever it is, the others are still to be taken back.
    const why = failureOf(error)?.message ?? String(error);
    return oneLine(`Not taken back: ${what}. ${why}. Do it by hand, or by: npx baton undo '${key}'`);
  }
}

async function tell(lines: readonly string[]): Promise<void> {
  const text = lines.join('\n');
  await record(text);
  const incidentId = runCause()?.incident?.id;
  if (incidentId !== undefined) await orUnavailable(() => steps.addPagerDutyNote({ incidentId, note: text }));
}
