/**
 * Whether this is the name of the highest priority. Accounts name theirs as they like: P1, SEV-1, Sev 1, "Priority 1", "P1 - Critical". P10 and
 * P1.5 are others, and of "P2 (was P1)" the first number counts. NFKC makes plain digits of others, such as full-width ones.
 */
export const isHighestPriority = (name: string): boolean =>
  /^\P{N}*0*1(?!\p{N}|[.,]\p{N})/u.test(name.normalize('NFKC'));
