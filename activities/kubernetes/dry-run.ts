import { isDeepStrictEqual } from 'node:util';
import type { DryRun, Plan } from '../../domain/plan.ts';
import { refusalOf, throwFailure } from './failures.ts';

/** What makes a write a dry run: all is checked (rights, admission, validation), and nothing is stored. */
export const all = 'All';

/** Too much, or not now: which says nothing of the change. */
const isPassing = (status: number) => status === 408 || status === 429 || status >= 500;

/** An admission webhook that has effects of its own is not called, and so the cluster cannot tell. */
const isUnasked = (reason: string) => reason.includes('does not support dry run');

/**
 * Makes a write with `dryRun=All`. `write` gives what the object would be then, in the words of the plan's `after`: an admission webhook may
 * make something else of it.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
 */
export async function dryRun(
  { after: planned }: Pick<Plan, 'after'>,
  write: () => Promise<Record<string, unknown> | undefined>,
): Promise<DryRun> {
  try {
    const told = await write();
    if (!told) return { outcome: 'accepted', said: 'Kubernetes would do it' };
    const after = { ...(planned as object | undefined), ...told };
    const other = isDeepStrictEqual(after, planned) ? '' : `, and it would be ${JSON.stringify(after)} then`;
    return { outcome: 'accepted', said: `Kubernetes would do it${other}`, after };
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal || isPassing(refusal.status) || isUnasked(refusal.reason)) return throwFailure(error);
    return { outcome: 'refused', said: `Kubernetes would refuse it: ${refusal.reason}` };
  }
}
