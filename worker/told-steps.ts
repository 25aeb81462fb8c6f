import { activityInfo } from '@temporalio/activity';
import type { AnyActivity } from '../activities/activity.ts';
import type { Entry, Failure } from '../domain/record.ts';
import { behalfOf } from '../domain/run-beginning.ts';
import { toldOf } from '../domain/run-end.ts';
import type { StepType } from '../domain/step.ts';
import { type StepFacts, stepEvent } from '../domain/step-news.ts';
import type { Store } from '../store/store.ts';
import type { StepActivities } from '../workflows/kit/step-activities.ts';
import type { CauseOfCall } from './authority.ts';
import { inRecord } from './chain/entry.ts';
import { readName } from './chain/parse.ts';
import { connectionOf, targetsAt } from './connection.ts';
import { keyOfCall } from './identity.ts';

interface Options {
  store: Pick<Store, 'findRun' | 'tell'>;
  activities: readonly AnyActivity[];
  scrub: (text: string) => string;
}

/** The engine's own activity by which a run tells of its steps. Of what no server of ours has started, nothing is told. */
export function stepActivities({ store, activities, scrub }: Options): StepActivities {
  const byName = new Map(activities.map((each) => [each.name, each]));
  return {
    async tellStep(
      { type, activityType, number, input, scheduledAt, at, failure },
      cause?: CauseOfCall,
    ): Promise<void> {
      const declaration = byName.get(readName(activityType).name);
      if (!cause || !declaration) return;
      const runId = activityInfo().workflowExecution?.workflowId ?? '';
      const key = keyOfCall(runId, activityType, number);
      const facts = { ...factsOf(declaration, input, cause), key, scheduledAt };
      const said = failure && { class: scrub(failure.class), message: scrub(failure.message) };
      await tellOfStep(type, { runId, facts, cause, at, ...(said ? { failure: said } : {}) }, store);
    },
  };
}

/** What it is, and what it acts on. */
function factsOf(
  declaration: AnyActivity,
  argument: unknown,
  cause: CauseOfCall,
): Pick<StepFacts, 'activity' | 'kind' | 'targets'> {
  const { name: activity, kind } = declaration;
  const { success, data } = declaration.input.safeParse(argument);
  const connection = connectionOf(declaration, argument, cause);
  return { activity, kind, targets: success ? targetsIn(declaration, connection, data) : [] };
}

/** What a change acts on. A read acts on nothing. */
export const targetsIn = (declaration: AnyActivity, connection: string, input: unknown): string[] =>
  declaration.kind === 'read' ? [] : targetsAt(connection, declaration.targets?.(input) ?? []);

interface Told {
  runId: string;
  facts: StepFacts;
  cause: CauseOfCall;
  at: string;
  attempt?: number;
  failure?: Failure;
}

/** Puts the event of a step into the store, once, with its line in the record where no attempt has one. */
export async function tellOfStep(
  type: StepType,
  { runId, facts, cause, at, attempt, failure }: Told,
  store: Options['store'],
): Promise<void> {
  const run = await store.findRun(runId);
  if (!run) return;
  const more = { ...(attempt === undefined ? {} : { attempt }), ...(failure ? { failure } : {}) };
  const event = stepEvent(
    type,
    run,
    facts,
    { at, via: 'worker', worker: run.worker, ...toldOf(cause) },
    more,
  );
  const isInRecord = type === 'activity.completed' || type === 'activity.failed';
  const entry = {
    at,
    actor: inRecord(behalfOf(cause)),
    via: 'worker',
    action: type,
    subject: cause.subject ?? runId,
    detail: { run: runId, workflow: run.workflow, ...facts, ...more },
    // The type and what it says are of one line.
  } as Entry;
  await store.tell(event, isInRecord ? [] : [entry]);
}
