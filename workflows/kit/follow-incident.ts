import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { condition } from '@temporalio/workflow';
import type { Agent, Incident, IncidentStatus, LaterEvent, Reference } from '../../domain/incident.ts';
import { steps } from './activities.ts';
import { awaitWithLooks } from './look-again.ts';
import { eventsSoFar, isHistoryLong, lastResolver, mostLeft, newestIncident, renew } from './run.ts';

/** An incident, kept current by its events. */
export interface FollowedIncident {
  readonly id: string;
  readonly status: IncidentStatus;
  readonly urgency: 'high' | 'low';
  readonly priority: Reference | undefined;
  readonly assignees: readonly Reference[];
  readonly resolvedBy: Agent | undefined;
  /** The newest snapshot; undefined before the first event where the run was started without one. */
  readonly snapshot: Incident | undefined;
  /** Waits for a state, and asks PagerDuty every hour, since an event may be lost. False: the time was over first. */
  until(status: IncidentStatus, timeout?: Duration): Promise<boolean>;
  /** Waits at most so long, and no longer than the incident has this status. What it then is, PagerDuty is to be asked. */
  whileStatus(status: IncidentStatus, timeout: Duration): Promise<void>;
  /** Waits, and says whether the incident is open then. PagerDuty is asked, since an event may have been missed. */
  stillOpenAfter(wait: Duration): Promise<boolean>;
  /**
   * The next event after those seen so far. PagerDuty is asked every hour, and what has changed without an event becomes one.
   * Undefined when the time is over, or when nothing was new for so long that `renewWhenLong` should be called.
   */
  nextEvent(timeout?: Duration): Promise<LaterEvent | undefined>;
  /**
   * For workflows that follow for days: in a loop, once an event is dealt with. While the history is short it does nothing;
   * else the workflow begins anew with this input and a new history, and gets the events that it has not seen.
   */
  renewWhenLong(input: unknown): Promise<void>;
}

const bound = (timeout: Duration | undefined) =>
  timeout === undefined ? {} : { milliseconds: msToNumber(timeout) };

/** The incident as it is now. Later events change what its fields say; nothing here changes the incident. */
export function followIncident({ id }: { id: string }): FollowedIncident {
  let seen = 0;
  const status = () => newestIncident()?.status ?? 'triggered';
  return {
    id,
    get status() {
      return status();
    },
    get urgency() {
      return newestIncident()?.urgency ?? 'high';
    },
    get priority() {
      return newestIncident()?.priority;
    },
    get assignees() {
      return newestIncident()?.assignees ?? [];
    },
    get resolvedBy() {
      return lastResolver();
    },
    get snapshot() {
      return newestIncident();
    },
    async until(wanted, timeout) {
      return awaitWithLooks(id, () => status() === wanted, bound(timeout));
    },
    async whileStatus(wanted, timeout) {
      await awaitWithLooks(id, () => status() !== wanted, bound(timeout));
    },
    async stillOpenAfter(wait) {
      if (await condition(() => status() === 'resolved', wait)) return false;
      const now = await steps.readPagerDutyIncident({ incidentId: id });
      return now.status !== 'resolved';
    },
    async nextEvent(timeout) {
      const options = { ...bound(timeout), untilLook: isHistoryLong };
      await awaitWithLooks(id, () => eventsSoFar().length > seen, options);
      const event = eventsSoFar()[seen];
      if (event) seen += 1;
      return event;
    },
    // While more wait they are dealt with first.
    async renewWhenLong(input) {
      const left = eventsSoFar().slice(seen);
      if (isHistoryLong() && JSON.stringify(left).length <= mostLeft) await renew(input, left);
    },
  };
}
