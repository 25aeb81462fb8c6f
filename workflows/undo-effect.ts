import { type ChangeName, withApproval } from './kit/ask-approval.ts';
import { record } from './kit/record.ts';
import { engine, healthy } from './kit/run.ts';

export interface UndoEffectInput {
  /** The key of the effect, as the record and `npx baton incidents show` tell it. */
  effect: string;
}

/** How long people are asked. */
const askedFor = '1 hour';

/**
 * Takes back a change that Baton has made, by the call that its plan told beforehand: it is planned on the world as it is now, shown, and made
 * once somebody has approved it. Where nothing takes it back it says why, and does nothing.
 */
export async function undoEffect({ effect }: UndoEffectInput): Promise<string> {
  const made = await engine.findMade({ key: effect });
  if (!made) return say('no such change', `There is no change ${effect} that Baton has made and knows of.`);
  const { activity, run, subject, inverse } = made;
  const what = `${activity} of ${run}`;
  if ('none' in inverse) return say('no inverse', `${what} cannot be taken back: ${inverse.none}.`, subject);
  // The record has it from the plan of an activity, which the worker holds to its schema.
  const { activity: back, input } = inverse as { activity: ChangeName; input: never };
  // It comes soon after the change, which would hold it.
  const asking = { approvers: { role: 'approver' }, expiresIn: askedFor, overridesGuards: true } as const;
  const undone = await withApproval(back, input, asking);
  if ('refusal' in undone) return say('not undone', `${what} is not taken back: ${undone.refusal}.`, subject);
  return healthy(await say('undone', `${what} is taken back, by ${back}.`, subject));
}

async function say<Outcome extends string>(
  outcome: Outcome,
  text: string,
  subject?: string,
): Promise<Outcome> {
  await record(text, [], subject);
  return outcome;
}
