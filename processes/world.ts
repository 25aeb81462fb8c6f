import { clientFor } from '../activities/clients.ts';
import { type AnyProvider, withoutEmpty } from '../activities/provider.ts';
import { linkedPeople } from '../domain/linked-people.ts';
import type { World } from '../server/operations/operation.ts';
import type { StoredConnections } from '../store/connections/stored-connections.ts';
import type { Store } from '../store/store.ts';
import { approverCheck, responderLookup } from './approvers.ts';
import { doctorFor } from './doctor.ts';
import { effectiveSettings } from './effective.ts';
import { incidentLogOf } from './incident-log.ts';
import { shownSettings } from './masking.ts';
import type { Settings } from './settings.ts';
import type { Wiring } from './wiring.ts';

interface Options {
  store: Store;
  connections: StoredConnections;
  providers: readonly AnyProvider[];
  settings: Settings;
  /** The process's, with the settings of its simulators. */
  env: NodeJS.ProcessEnv;
}

/** What operations work on in a process, but for Temporal. */
export function worldOf(wiring: Wiring, options: Options): Omit<World, 'runs'> {
  const { store, connections, providers } = options;
  return {
    store,
    connections,
    providers,
    triggers: () => wiring.loadTriggers(),
    activities: () => wiring.loadActivities(),
    workflows: () => wiring.loadWorkflows(),
    policies: () => wiring.loadPolicies(),
    doctor: () => doctorFor(wiring, options),
    checkApprover: approverCheck(options),
    responderId: responderLookup(options),
    incidentLog: incidentLogOf(options),
    simulated: options.settings.simulated,
    settings: () => shownSettings(wiring.env, providers),
    effective: () => effectiveSettings(options.settings, providers),
    retentionDays: options.settings.retentionDays,
    linkedPeople: () => linkedPeople(wiring.env.BATON_PEOPLE) ?? new Map(),
    ownValues: () => withoutEmpty(wiring.env),
    clientFor: (provider, values, keptBy) =>
      clientFor(
        provider,
        values,
        options.env,
        keptBy === undefined
          ? undefined
          : (renewal) => connections.renew(provider.name, keptBy, async (now) => renewal(now)),
      ),
    publicUrl: options.env.BATON_PUBLIC_URL || undefined,
  };
}
