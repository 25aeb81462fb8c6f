import type { ShownRun } from '../../domain/run.ts';
import { Refusal } from '../refusal.ts';
import type { OperationContext } from './operation.ts';

/** Whether a subject is within the services to which somebody is limited. */
export async function isWithin(subject: string | undefined, { principal, store }: OperationContext) {
  const services = principal.scope?.services;
  if (services === undefined) return true;
  return subject !== undefined && (await store.subjectsOf(services, [subject])).length > 0;
}

/** A run that is there, and within the workflows and services to which somebody is limited. Else 404: what is not his is not there for him. */
export async function findRun(id: string, context: OperationContext): Promise<ShownRun> {
  const run = await context.store.findShownRun(id);
  if (run && (await isOfMine(run, context))) return run;
  throw new Refusal(404, 'No such run', `There is no run ${id}. runs.list tells those there are.`);
}

/** Whether a run, or what it asks people, is within the workflows and services to which somebody is limited. */
export async function isOfMine(
  { workflow, subject }: { workflow: string; subject?: string },
  context: OperationContext,
): Promise<boolean> {
  const workflows = context.principal.scope?.workflows;
  const isMine = workflows === undefined || workflows.includes(workflow);
  return isMine && (await isWithin(subject, context));
}
