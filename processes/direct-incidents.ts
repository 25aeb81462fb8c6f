import { ApplicationFailure } from '@temporalio/common';
import { type ActivityContext, type AnyActivity, carryOut } from '../activities/activity.ts';
import type { AnyProvider } from '../activities/provider.ts';
import { simulationMark } from '../activities/simulated.ts';
import { actorOf } from '../domain/rights.ts';
import { type ChangesIncident, CouldNotChange } from '../server/change-incident.ts';

/** None of these calls reads a long text. */
const keepText = async () => ({});

const activityOf = {
  acknowledge: 'acknowledgePagerDutyIncident',
  resolve: 'resolvePagerDutyIncident',
  note: 'addPagerDutyNote',
} as const;

/**
 * What a person asks for by the API or the console is done here and now, by the same activities as runs call, and in their name at PagerDuty. Each
 * looks first, so that asking again changes nothing more; a note is found by its key.
 */
export function directIncidents(
  loadActivities: () => Promise<readonly AnyActivity[]>,
  clients: Omit<ActivityContext, 'attempt'>,
  simulated: readonly string[],
  providers: readonly AnyProvider[],
): ChangesIncident {
  const title = providers.find(({ name }) => name === 'pagerduty')?.title ?? 'PagerDuty';
  return async ({ deed, connection, incidentId, text, by, key }, signal) => {
    const name = activityOf[deed];
    const activity = (await loadActivities()).find((each) => each.name === name);
    if (!activity) throw new Error(`There is no activity ${name} to call`);
    const said =
      deed === 'note'
        ? { note: text }
        : deed === 'resolve'
          ? { unverified: text ?? `${by.calledName ?? by.name} resolved it by hand` }
          : {};
    const input = activity.input.parse({ connection, incidentId, ...said, ...actorIn(by) });
    const attempt = {
      key,
      number: 1,
      signal,
      keepText,
      mark: simulationMark('pagerduty', simulated),
    };
    try {
      const result: unknown = await carryOut(
        activity,
        input,
        { ...clients, attempt },
        { run: 'none', by: actorOf(by) },
      );
      return { changed: (result as { changed?: boolean }).changed !== false };
    } catch (error) {
      if (error instanceof ApplicationFailure)
        throw new CouldNotChange(error.message, error.nonRetryable === true);
      if (signal.aborted) throw new CouldNotChange(`${title} did not answer in time`, false);
      throw error;
    }
  };
}

/** Whoever has no address acts as Baton. */
const actorIn = ({ kind, name, calledName }: Parameters<ChangesIncident>[0]['by']) =>
  kind === 'person' && name.includes('@')
    ? { actor: { kind: 'person' as const, name: calledName ?? name, email: name } }
    : {};
