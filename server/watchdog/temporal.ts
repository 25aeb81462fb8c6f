import { keyOf } from '../../workflows/kit/key.ts';
import type { TemporalState } from '../temporal/temporal-state.ts';
import type { Condition } from './condition.ts';
import type { Limits } from './limits.ts';

/** Temporal does not answer, or refuses what we are. No trigger could start anything for it, so there is no event. */
export function temporalAway({
  temporal,
  limits,
}: {
  temporal: Pick<TemporalState, 'up' | 'reason'>;
  limits: Limits;
}): Condition {
  return {
    name: 'temporal.away',
    heldFor: limits.temporalAwayHeld,
    async find() {
      if (temporal.up) return [];
      return [
        {
          key: keyOf('baton', 'temporal', 'Away', 'all'),
          summary: `No run begins or goes on: ${temporal.reason ?? 'Temporal does not answer'}. Events are taken in and wait`,
          severity: 'critical',
          component: 'temporal',
          class: 'Away',
          details: {},
        },
      ];
    },
  };
}
