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
  const workflows = context.principal.scope?.workflows;
  const isMine = run && (workflows === undefined || workflows.includes(run.workflow));
  if (!isMine || !(await isWithin(run.subject, context)))
    throw new Refusal(404, 'No such run', `There is no run ${id}. runs.list tells those there are.`);
  return run;
}
