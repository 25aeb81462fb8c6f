import type { AnyActivity, AnyChange, Attempt } from '../../activities/activity.ts';
import type { DryRun, Plan } from '../../domain/plan.ts';

// biome-ignore lint/suspicious/noExplicitAny: a plan's values and output are the activity's own matter.
type AnyPlan = Plan<any, any>;
type Run = (
  activity: AnyActivity,
  input: Record<string, unknown>,
  attempt?: Partial<Attempt>,
) => Promise<unknown>;

/** As it comes back from a database, which keeps no `undefined`, no dates and no order of names. */
const stored = (plan: AnyPlan): AnyPlan =>
  JSON.parse(JSON.stringify(plan), (_, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).reverse())
      : value,
  );

/** What a look plans, as plan mode has it: the run goes on with the plan's output. Throws where there is nothing to do. */
export async function planOf(
  run: Run,
  activity: AnyChange,
  input: Record<string, unknown>,
  attempt?: Partial<Attempt>,
): Promise<AnyPlan> {
  let planned: AnyPlan | undefined;
  const act = async (plan: AnyPlan) => {
    planned = plan;
    return plan.output;
  };
  await run({ ...activity, act }, input, attempt);
  if (!planned) throw new Error('The look found that it is done');
  return stored(planned);
}

/** What the provider says to what a look plans. */
export async function dryRunOf(
  run: Run,
  activity: AnyChange,
  input: Record<string, unknown>,
): Promise<DryRun | undefined> {
  let said: DryRun | undefined;
  const act: AnyChange['act'] = async (plan, given, context) => {
    said = await activity.dryRun?.(plan, given, context);
    return plan.output;
  };
  await run({ ...activity, act }, input);
  return said;
}

/** Acts by a plan that was stored, without a look before. */
export const actBy = (
  run: Run,
  activity: AnyChange,
  plan: AnyPlan,
  input: Record<string, unknown>,
  attempt?: Partial<Attempt>,
): Promise<unknown> => run({ ...activity, look: async () => ({ plan }) }, input, attempt);
