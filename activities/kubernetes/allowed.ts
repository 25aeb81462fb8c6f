import { invalidInput } from '../failures.ts';
import type { Kubernetes } from './client.ts';

/** On an object that Baton may restart, scale, roll back, delete or take out of service wherever it is. */
const label = 'baton/restart';
const allowed = 'allowed';

export interface Touched {
  /** As people call it: `deployment`, `pod`. */
  kind: string;
  /** Undefined for nodes, which belong to none. */
  namespace?: string;
  name: string;
  labels: Readonly<Record<string, string>> | undefined;
}

/**
 * Refuses a change of what is neither in a namespace that the connection may change nor labelled for it. The object has just been
 * read, so that the answer is of now; and it is asked here, so that no workflow can forget to.
 */
export function requireAllowed({ changes }: Pick<Kubernetes, 'changes'>, touched: Touched): void {
  const { kind, namespace, name, labels } = touched;
  if (labels?.[label] === allowed || changes.has('*')) return;
  if (namespace !== undefined && changes.has(namespace)) return;
  const place = namespace === undefined ? '' : `its namespace is not in KUBERNETES_NAMESPACES and `;
  const remedy = namespace === undefined ? '' : `add ${namespace} to KUBERNETES_NAMESPACES, `;
  throw invalidInput(
    'Kubernetes',
    `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name} may not be changed by Baton: ${place}it lacks the label ` +
      `${label}=${allowed}. To let it, ${remedy}${remedy ? 'or ' : ''}set the label; else change it by hand`,
  );
}
