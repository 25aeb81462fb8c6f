import type { Trouble } from '../../domain/watched.ts';
import type { Store } from '../../store/store.ts';
import { keyOf } from '../../workflows/kit/key.ts';
import type { TemporalState } from '../temporal/temporal-state.ts';
import type { Condition } from './condition.ts';
import type { Limits } from './limits.ts';

/** Events wait to be dispatched: too many, or one for too long. While Temporal is away they all do, and that is told by itself. */
export function inboxBehind({
  store,
  temporal,
  limits,
}: {
  store: Pick<Store, 'backlog'>;
  temporal: Pick<TemporalState, 'up'>;
  limits: Limits;
}): Condition {
  const trouble = (what: string, summary: string, details: Record<string, unknown>): Trouble => ({
    key: keyOf('baton', 'inbox', what, 'all'),
    summary: `${summary}. See the log of the servers, and baton events list`,
    severity: 'error',
    component: 'inbox',
    class: what,
    group: 'inbox',
    details,
  });
  return {
    name: 'inbox.behind',
    heldFor: limits.pendingHeld,
    events: { begins: 'worker.unhealthy', ends: 'worker.healthy' },
    async find() {
      if (!temporal.up) return undefined;
      const { pending, oldestSeconds } = await store.backlog();
      const oldest = Math.round(oldestSeconds);
      return [
        ...(pending > limits.pendingEvents
          ? [trouble('Backlog', `${pending} events wait to be dispatched`, { pending })]
          : []),
        ...(oldestSeconds > limits.pendingFor
          ? [
              trouble('Late', `An event has waited for ${oldest} s to be dispatched`, {
                pending,
                oldestSeconds: oldest,
              }),
            ]
          : []),
      ];
    },
  };
}
