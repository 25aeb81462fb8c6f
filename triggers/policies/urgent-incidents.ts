import { defineUrgency } from '../urgency-policy.ts';

/**
 * Accounts name their priorities as they like: P1, SEV-1, Sev 1, "Priority 1", "P1 - Critical". P10 and P1.5 are others, and of
 * "P2 (was P1)" the first number counts. NFKC makes plain digits of others, such as full-width ones.
 */
const isFirst = (name: string) => /^\P{N}*0*1(?!\p{N}|[.,]\p{N})/u.test(name.normalize('NFKC'));

/** What is done about these goes before all else: see "Fast lane" in docs/operating.md. */
export const urgentIncidents = defineUrgency({
  when: 'the first number in the name of its priority is 1 (P1, SEV-1, Priority 1)',
  is: ({ priority }) => priority !== undefined && isFirst(priority.name),
});
