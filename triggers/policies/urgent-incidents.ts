import { isHighestPriority } from '../highest-priority.ts';
import { defineUrgency } from '../urgency-policy.ts';

/** What is done about these goes before all else: see "Fast lane" in docs/operating.md. */
export const urgentIncidents = defineUrgency({
  when: 'the first number in the name of its priority is 1 (P1, SEV-1, Priority 1)',
  is: ({ priority }) => priority !== undefined && isHighestPriority(priority.name),
});
