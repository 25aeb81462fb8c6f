import type { AnyChange } from '../../activities/activity.ts';
import type { EffectIntent } from '../../store/effects.ts';
import { targetsAt } from '../connection.ts';
import type { Call, Link, Surroundings } from './call.ts';
import { entryOf } from './entry.ts';
import { answerWithout, coolDownOf } from './guard.ts';

/** Opens the effect in the store before anything is done: it is made only where the store says go. */
export const intended =
  (options: Surroundings): Link<Call<AnyChange>> =>
  async (call, next) => {
    const intent = await options.store.intend(intentOf(call));
    if (intent.answer !== 'go') return { result: await answerWithout(intent, call, options) };
    const { answer: _, attempt, ...before } = intent;
    return next({ ...call, attempt, before });
  };

function intentOf(call: Call<AnyChange>): EffectIntent {
  const { declaration, input, key, digest, runId, actor, approvedBy } = call;
  const causes = declaration.causes ?? [];
  // Whoever approved it was told that it overrides the guards, and said why.
  const coolDown = approvedBy?.overridesGuards ? undefined : coolDownOf(declaration);
  return {
    key,
    digest,
    runId,
    activity: declaration.name,
    subject: call.changes,
    targets: targetsOf(call),
    ...(declaration.once ? { once: true } : {}),
    ...(coolDown ? { coolDown } : {}),
    causes: typeof causes === 'function' ? causes(input) : causes,
    actor,
    entry: entryOf(call, 'activity.intended', {}),
  };
}

/** All that the change acts on. */
export const targetsOf = ({ declaration, input, connection }: Call<AnyChange>): string[] =>
  targetsAt(connection, declaration.targets?.(input) ?? []);
