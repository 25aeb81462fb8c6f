import type { AnyActivity } from '../activities/activity.ts';
import type { Event } from '../domain/event.ts';
import type { Judgement } from '../domain/verdict.ts';
import { wouldRun } from '../server/dispatch/would-run.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { workflowChanges } from './workflow-changes.ts';

interface Code {
  triggers: readonly Trigger[];
  activities: readonly Pick<AnyActivity, 'name' | 'kind'>[];
  workflowsFolder: string;
}

/** Asks this code about these events. */
export async function judge(
  events: readonly Event[],
  { triggers, activities, workflowsFolder }: Code,
): Promise<Judgement> {
  const changesOf = workflowChanges(workflowsFolder, activities);
  const verdicts = await wouldRun(events, triggers);
  return verdicts.map((verdict) => ({ ...verdict, changes: changesOf(verdict.workflow) }));
}
