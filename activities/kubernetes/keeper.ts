import type { V1ObjectMeta } from '@kubernetes/client-node';

/** Names that tools write on what they keep as a repository says, and the tool. */
const marks: readonly [name: string, tool: string][] = [
  ['argocd.argoproj.io/tracking-id', 'Argo CD'],
  ['argocd.argoproj.io/instance', 'Argo CD'],
  ['kustomize.toolkit.fluxcd.io/name', 'Flux'],
  ['helm.toolkit.fluxcd.io/name', 'Flux'],
];
/** With which Flux leaves an object alone. */
const leftAlone = 'kustomize.toolkit.fluxcd.io/reconcile';

/**
 * Who keeps an object as it is written elsewhere, and so puts back what others change in it: a tool by its labels or annotations, else the
 * controller that owns it. Undefined where nobody does.
 */
export function keeperOf(metadata: V1ObjectMeta | undefined): string | undefined {
  const { labels = {}, annotations = {}, ownerReferences = [] } = metadata ?? {};
  if (annotations[leftAlone] !== 'disabled')
    for (const [mark, tool] of marks) {
      const value = annotations[mark] ?? labels[mark];
      if (value !== undefined) return `${tool} (${value.split(':')[0]})`;
    }
  const owner = ownerReferences.find(({ controller }) => controller);
  return owner && `${owner.kind} ${owner.name}`;
}
