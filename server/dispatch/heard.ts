import { isDrill } from '../../domain/drill.ts';
import type { RunCause } from '../../domain/incident.ts';
import { means } from '../../domain/lifecycle.ts';
import { isWatching } from '../../domain/mode.ts';
import { pager } from '../../domain/page.ts';
import { allChanges, type Heard, stepTypes } from '../../domain/step.ts';
import { type Subscription, wantsRun } from '../../domain/subscription.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import { ledTo } from './decide.ts';

/** Who may hear of the steps of runs. */
export interface Listeners {
  triggers: readonly Pick<Trigger, 'name' | 'on' | 'steps'>[];
  subscriptions?: readonly Pick<Subscription, 'types' | 'workflows' | 'tags' | 'services'>[] | undefined;
}

/** Of these, subscribers are told by the line of each attempt. */
const byAttempt: readonly string[] = ['activity.completed', 'activity.failed'];

/**
 * The cause of a run that is about to start, with the steps of which somebody hears: a run tells no other, and where nobody listens it costs
 * nothing. Triggers that have led to the run do not hear of it; of the pager and of runs that only watch nobody does.
 */
export function withHeard(
  cause: RunCause,
  workflow: string,
  { triggers, subscriptions = [] }: Listeners,
): RunCause {
  if (workflow === pager || isWatching(cause.mode)) return cause;
  const before = ledTo(cause);
  const { tags, mode, incident } = cause;
  const run = { workflow, tags, mode, service: incident?.service, drill: isDrill(incident) };
  const heard: Heard = {};
  for (const type of stepTypes) {
    const names = triggers
      .filter(
        ({ name, on, steps }) => on.includes(type) && !before.includes(name) && (steps?.isOf(run) ?? true),
      )
      .flatMap(({ steps }) => steps?.activities ?? [allChanges]);
    const isSubscribed =
      !byAttempt.includes(type) &&
      subscriptions.some(
        (subscription) =>
          subscription.types.some((pattern) => means(pattern, type)) && wantsRun(subscription, run),
      );
    const all = new Set([...names, ...(isSubscribed ? [allChanges] : [])]);
    if (all.size > 0) heard[type] = [...all].sort();
  }
  return Object.keys(heard).length > 0 ? { ...cause, heard } : cause;
}
