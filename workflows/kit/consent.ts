import { ApplicationFailure } from '@temporalio/workflow';
import type { Looked } from '../../domain/approval.ts';
import { asOf, changes, detailOf } from './activities.ts';
import { type Asking, type ChangeName, withApproval } from './ask-approval.ts';
import { type ApprovedCall, approvalOfRun } from './call-approval.ts';
import { failureOf } from './parts.ts';
import { isPlanning, runCause } from './run.ts';
import { isSameCall } from './same-call.ts';

/** A change that a run would make. */
export type Planned = Exclude<Looked, { done: unknown }> & { input: unknown };

/** What the run would change, in the order in which it came to it. */
const planned: Planned[] = [];
export const plannedCalls = (): readonly Planned[] => planned;

/**
 * Makes a change as far as the run's mode goes. While the run plans, the change is looked at, and the run goes on as if it were made. Where
 * the worker says that people have to approve it, they are asked. Throws what the change itself throws, and `NotApproved`.
 */
export function change(name: string, input: unknown): Promise<unknown> {
  if (isPlanning()) return lookAt('plan', name, input);
  const { mode } = runCause() ?? {};
  return mode === 'propose' || mode === 'approve'
    ? orAsk(name, asApproved(name, input))
    : changes(name, input);
}

/** The planned call of a change, with what the provider says to it; or what is so already. */
export async function looked(how: 'plan' | 'ask', name: string, input: unknown): Promise<Looked> {
  const found = (await changes(`${how}:${name}`, input)) as Looked;
  if ('done' in found || !found.dryRun) return found;
  return { ...found, planned: { ...found.planned, dryRun: found.dryRun } };
}

/** Looks at a change that the run would make, and gives what it goes on with. `ask`: as if it were approved. */
export async function lookAt(how: 'plan' | 'ask', name: string, input: unknown): Promise<unknown> {
  const found = await looked(how, name, input);
  if ('done' in found) return found.done;
  planned.push({ ...found, input });
  return found.output;
}

async function orAsk(name: string, input: unknown): Promise<unknown> {
  try {
    return await changes(name, input);
  } catch (error) {
    if (failureOf(error)?.class !== 'NeedsApproval') throw error;
    // The names of activities are known to the compiler, and this one was called by such a name.
    const answer = await withApproval(name as ChangeName, input as never, usualAsking());
    if ('result' in answer) return answer.result;
    const message = `${name} is not made: ${answer.refusal}`;
    throw asOf(name, ApplicationFailure.nonRetryable(message, 'NotApproved', detailOf(error)));
  }
}

/** Who is asked where the mode of a trigger, and not the runbook, wants an approval: who is on call for the incident, or an approver. */
export function usualAsking(): Asking {
  const service = runCause()?.incident?.service.id;
  return {
    approvers: { ...(service === undefined ? {} : { onCallOf: service }), role: 'approver' },
    expiresIn: '1 hour',
  };
}

/** Whether those whom a runbook asks are those who are asked for the whole run, and no more of them. */
export function isUsual({ approvers, required = 1, ...asking }: Asking): boolean {
  const { approvers: usual } = usualAsking();
  const isAnotherWay = asking.reasonRequired || asking.overridesGuards;
  return !isAnotherWay && required === 1 && sortedJson(approvers) === sortedJson(usual);
}

const sortedJson = (value: object) => JSON.stringify(Object.entries(value).sort());

/** The input of the call that people have approved with the run, where this one differs in its times alone: else this one. */
export function asApproved<Input>(name: string, input: Input): Input {
  const isSame = (call: ApprovedCall) => call.activity === name && isSameCall(call.input, input);
  // It is the input of the same activity, as this run gave it.
  return (approvalOfRun()?.calls.find(isSame)?.input as Input | undefined) ?? input;
}
