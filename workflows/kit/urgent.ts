import { workflowInfo } from '@temporalio/workflow';
import { urgentPriorityKey } from '../../domain/urgency.ts';

let hasBecomeSo = false;

/** Whether the run goes before others: it was started so, or its incident has become urgent since. Once it is, it stays so. */
export const isUrgent = (): boolean =>
  hasBecomeSo || workflowInfo().priority?.priorityKey === urgentPriorityKey;

export function becomeUrgent(): void {
  hasBecomeSo = true;
}
