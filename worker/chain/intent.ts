import type { AnyChange } from '../../activities/activity.ts';
import type { Limits } from '../../domain/guard.ts';
import { defaultConnection, subjectOf } from '../../domain/subject.ts';
import type { EffectIntent } from '../../store/changes/effects.ts';
import type { UnlessTaken } from '../../store/runs/takeovers.ts';
import { targetsAt } from '../connection.ts';
import { approvalFor, type Call, type Link, type Surroundings } from './call.ts';
import { entryOf } from './entry.ts';
import { answerWithout, limitsAt, limitsOf } from './guard.ts';

/** Opens the effect in the store before anything is done: it is made only where the store says go. */
export const intended =
  (options: Surroundings): Link<Call<AnyChange>> =>
  async (call, next) => {
    const intent = await options.store.intend(intentOf(call));
    if (intent.answer !== 'go') return { result: await answerWithout(intent, call, options) };
    const { answer: _, attempt, ...before } = intent;
    return next({ ...call, attempt, before });
  };

/** What the store is asked about a call. */
export function intentOf(call: Call<AnyChange>): EffectIntent {
  const { declaration, input, key, digest, runId, actor, approvedBy } = call;
  const causes = declaration.causes ?? [];
  const limits = ownWayBack(call, limitsOf(declaration, limitsGiven(call)));
  const service = serviceIn(call);
  const unlessTaken = unlessTakenIn(call);
  const targets = targetsOf(call);
  return {
    key,
    digest,
    runId,
    activity: declaration.name,
    subject: call.changes,
    targets,
    ...(declaration.once ? { once: true } : {}),
    provider: declaration.provider,
    workflow: call.workflow,
    ...(service === undefined ? {} : { service }),
    ...(isAskedFor(call) ? { isAskedFor: true } : {}),
    ...(declaration.onlyTells ? { onlyTells: true } : {}),
    // Whoever approved it was told that it overrides the guards, and said why.
    ...(limits
      ? {
          guards: { ...limits, ...unlessTaken, ...(approvedBy?.overridesGuards ? { overridden: true } : {}) },
        }
      : {}),
    causes: typeof causes === 'function' ? causes(input) : causes,
    actor,
    entry: entryOf(call, 'activity.intended', { targets }),
  };
}

/** Where the trigger of a run leaves what is destructive to people who have taken its incident in hand. */
export function unlessTakenIn(call: Pick<Call, 'shown' | 'approvedBy' | 'approvedAsInverse'>): {
  unlessTaken?: UnlessTaken;
} {
  const { shown } = call;
  if (!('cause' in shown)) return {};
  const { cause, acknowledged: seen } = shown;
  if (cause.whenAcknowledged === undefined || cause.subject === undefined) return {};
  const approvedAt = approvalFor(call)?.closedAt;
  return {
    unlessTaken: {
      incident: cause.subject,
      ...(seen ? { seen } : {}),
      ...(approvedAt === undefined ? {} : { approvedAt }),
    },
  };
}

/** What the run has done itself keeps it from no way back. */
const ownWayBack = ({ takesBack }: Call, limits: Limits | undefined) =>
  takesBack && limits ? { ...limits, coolDown: { ...limits.coolDown, repeats: true } } : limits;

/** All that the change acts on. */
export const targetsOf = ({ declaration, input, connection }: Call<AnyChange>): string[] =>
  targetsAt(connection, declaration.targets?.(input) ?? []);

/** What the run has said of the first of its targets for which it has said something. */
function limitsGiven({
  shown,
  declaration,
  input,
  connection,
}: Call<AnyChange>): Partial<Limits> | undefined {
  const given = 'cause' in shown ? shown.limits : undefined;
  const target = given && declaration.targets?.(input).find((each) => given[each] !== undefined);
  return target === undefined ? undefined : limitsAt(connection, given?.[target] ?? {});
}

/** The service of the run's incident, as the mirror of incidents has it. */
export function serviceIn({ shown }: Call): string | undefined {
  if (!('cause' in shown)) return undefined;
  const { incident, connection = defaultConnection } = shown.cause;
  return incident && subjectOf(connection, incident.service.id);
}

/** A person has asked for just this run. */
const isAskedFor = ({ shown }: Call) => 'cause' in shown && shown.cause.by !== undefined;
