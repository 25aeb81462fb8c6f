import { activities } from '../activities/index.ts';
import { providers } from '../activities/providers.ts';
import { approverCheck } from '../processes/approvers.ts';
import { allConnections } from '../processes/connections.ts';
import { directIncidents } from '../processes/direct-incidents.ts';
import { incidentLogOf } from '../processes/incident-log.ts';
import type { World } from '../server/operations/operation.ts';
import type { StoredConnections } from '../store/connections/stored-connections.ts';
import type { Store } from '../store/store.ts';
import { batonFor } from '../worker/baton.ts';
import { clientsFor } from './clients.ts';

/** Who may answer what, what people do to an incident by hand, and what PagerDuty itself says of it, as a server has both. */
export const handsOn = (
  env: Record<string, string | undefined>,
  connections: StoredConnections,
  store: Store,
): Pick<World, 'checkApprover' | 'incidentLog' | 'changesIncident'> => ({
  checkApprover: approverCheck({ env, providers, connections, store }),
  incidentLog: incidentLogOf({ env, providers, connections }),
  changesIncident: directIncidents(
    async () => activities,
    { ...clientsFor(env, allConnections(env, connections)), baton: batonFor({ store }) },
    [],
    providers,
  ),
});
