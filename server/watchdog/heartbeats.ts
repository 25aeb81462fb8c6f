import type { Heartbeat } from '../../domain/heartbeat.ts';
import type { Trouble } from '../../domain/watched.ts';
import type { KeptHeartbeat } from '../../store/events/heartbeats.ts';
import type { Store } from '../../store/store.ts';
import { keyOf } from '../../workflows/kit/key.ts';
import type { Condition } from './condition.ts';
import type { Limits } from './limits.ts';

interface Options {
  store: Pick<Store, 'keepHeartbeats'>;
  heartbeats: readonly Heartbeat[];
  limits: Limits;
  now?: () => number;
}

/**
 * Sources of which nothing was heard for longer than the team expects. The next one takes it back. The store has when that was, and by its clock
 * the time is told, so that another server goes on from there.
 */
export function heartbeatMissed({ store, heartbeats, limits, now = Date.now }: Options): Condition {
  const startedAt = now();
  return {
    name: 'heartbeat.missed',
    // They had their time.
    heldFor: 0,
    events: { begins: 'heartbeat.missed', ends: 'heartbeat.back' },
    async find() {
      const kept = await store.keepHeartbeats(heartbeats);
      // While no server ran nobody could be heard of: what was refused then is sent again.
      if (now() - startedAt < limits.heartbeatGrace * 1_000) return undefined;
      return kept.filter(({ silentSeconds, everySeconds }) => silentSeconds > everySeconds).map(troubleOf);
    },
  };
}

function troubleOf({ source, everySeconds, lastAt }: KeptHeartbeat): Trouble {
  const last = lastAt === undefined ? 'Nothing was ever heard of it' : `The last one came at ${lastAt}`;
  return {
    key: keyOf('baton', 'heartbeat', 'Silent', source),
    summary: `Nothing has come from ${source}, which is expected every ${everySeconds} s. ${last}. See whether what sends it runs, and whether /webhooks/http/${source} takes it`,
    severity: 'error',
    component: 'heartbeat',
    class: 'Silent',
    group: source,
    details: { source, everySeconds, ...(lastAt === undefined ? {} : { lastAt }) },
  };
}
