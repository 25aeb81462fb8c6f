import type { RequestContext } from '@kubernetes/client-node';
import type { Use } from '../provider.ts';
import { toldName } from '../told-name.ts';
import { version } from '../version.ts';
import type { CallOptions } from './transport.ts';

/** Printable, and in ASCII, so that a header takes it, too. */
const fits = /^[!-~]$/;
/** The API server takes no longer one: https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/, `fieldManager` */
const mostOfManager = 128;
/** It cuts a user agent at 1 024 bytes in its audit log. A run's id is far shorter, and is not to be what is cut. */
const mostOfAgent = 256;

/**
 * Names the run to the cluster: as the user agent, which is in the audit log with every request
 * (https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/), and of a patch as the field manager, which stays in the object's
 * `managedFields` (https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers). Every call passes here, so that no activity
 * can forget to say it. The manager's name is another one for each run. Who applies on the server's side with a field that a run has set
 * meets a conflict with that run, as it met one with `baton`; a field that a later run sets goes over to that one, so no entries pile up.
 */
export function tellOf(use: Use | undefined, request: RequestContext, { patchType }: CallOptions): void {
  const run = use && toldName(use.run, { most: mostOfAgent, fits });
  request.setHeaderParam(
    'User-Agent',
    run === undefined ? `baton/${version}` : `baton/${version} run=${run}`,
  );
  if (!patchType) return;
  const manager = use === undefined ? 'baton' : toldName(`baton:${use.run}`, { most: mostOfManager, fits });
  request.setQueryParam('fieldManager', manager);
}
