import { authorize } from '../../domain/rights.ts';
import { Refusal } from '../refusal.ts';
import type { OperationContext } from './operation.ts';
import { isWithin } from './scope.ts';
import { subjectInput } from './shapes.ts';

export const idOfIncident = { id: subjectInput };

/** What is not there, and what is not within somebody's scope, are one. */
export async function mustBeMine(id: string, context: OperationContext): Promise<void> {
  if (!(await isWithin(id, context))) throw unknownIncident(id);
}

/** The record has lines about people, tokens and connections too: only whoever may read all of it may ask for any subject. */
export const mayReadAll = ({ principal }: OperationContext) => authorize(principal, 'record.read').allowed;

/** Whether events, their state or runs are about it. */
export async function isIncident(id: string, { store }: OperationContext): Promise<boolean> {
  const [incident, events, runs] = await Promise.all([
    store.findIncident(id),
    store.pageOfEvents({ subject: id, limit: 1 }),
    store.pageOfRuns({ subject: id, limit: 1 }),
  ]);
  return incident !== undefined || events.items.length > 0 || runs.items.length > 0;
}

export const unknownIncident = (id: string) =>
  new Refusal(
    404,
    'No such incident',
    `Nothing is known of an incident ${id}. incidents.list tells those there are.`,
  );
