import { invalidInput } from '../failures.ts';

/** The namespaces to which a connection is limited; empty: none, so all that its credentials may. */
export type Limit = ReadonlySet<string>;

/** What asks about Baton itself, and tells nothing of anybody's objects. */
const aboutBaton =
  /^\/(version\/?|apis\/authorization\.k8s\.io\/v1\/selfsubjectaccessreviews|apis\/authentication\.k8s\.io\/v1\/selfsubjectreviews)$/;

/**
 * Refuses a call that goes beyond the limit before it is made, be it a read or a change. It is told from the address, which every call has,
 * so that no activity can forget to ask. What belongs to no namespace, as nodes, is beyond every limit.
 */
export function requireWithin(limit: Limit, address: string): void {
  const { pathname } = new URL(address);
  if (limit.size === 0 || aboutBaton.test(pathname)) return;
  const namespace = /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)\/namespaces\/([^/]+)(?:\/|$)/.exec(pathname)?.[1];
  requireNamespace(limit, namespace);
}

/** The same of what the input names. Undefined: it belongs to no namespace, or to all. */
export function requireNamespace(limit: Limit, namespace: string | undefined): void {
  if (limit.size === 0 || (namespace !== undefined && limit.has(namespace))) return;
  const place =
    namespace === undefined ? 'what belongs to no namespace, as nodes' : `the namespace ${namespace}`;
  throw invalidInput(
    'Kubernetes',
    `${place} is beyond what this connection is limited to (KUBERNETES_ONLY_NAMESPACES: ${[...limit].join(', ')}), so nothing was asked and ` +
      'nothing done: use the connection that it belongs to',
  );
}
