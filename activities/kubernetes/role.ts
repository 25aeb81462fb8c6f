import { apiOf } from './check-access.ts';

export interface RoleAsked {
  /** As activities declare them: `apps/deployments patch`. */
  rights: readonly string[];
  namespaces: readonly string[];
  /** Nothing beyond the namespaces is asked for, so that no right on nodes is needed. */
  isLimited: boolean;
  readOnly: boolean;
  account: { namespace: string; name: string };
}

const clusterWide = /^(nodes(\/| )|authorization\.k8s\.io\/)/;
/** Which a limited connection needs too: to ask what it may do. */
const asking = /^authorization\.k8s\.io\//;
const looks = /^(get|list|watch|create)$/;

/**
 * A service account, and for each namespace a role with no more than what the activities call; nodes, and the question what one may do, belong
 * to no namespace. Applied by an administrator: Baton gives itself no right.
 */
export function roleYaml({ rights, namespaces, isLimited, readOnly, account }: RoleAsked): string {
  const needed = rights.filter((right) => !readOnly || looks.test(verbOf(right)));
  const isEverywhere = namespaces.includes('*');
  const inNamespaces = needed.filter((right) => !clusterWide.test(right));
  const inCluster = [
    ...(isEverywhere ? inNamespaces : []),
    ...needed.filter((right) => clusterWide.test(right) && (!isLimited || asking.test(right))),
  ];
  // Else one account's rights would be written over those of another one.
  const name = `baton:${account.namespace}:${account.name}`;
  const parts = [
    manifest('v1', 'ServiceAccount', metadata(account.name, account.namespace)),
    ...(isEverywhere ? [] : namespaces).flatMap((namespace) => [
      manifest(rbac, 'Role', metadata(name, namespace), rulesOf(inNamespaces)),
      manifest(rbac, 'RoleBinding', metadata(name, namespace), binding('Role', name, account)),
    ]),
    manifest(rbac, 'ClusterRole', metadata(name), rulesOf(inCluster)),
    manifest(rbac, 'ClusterRoleBinding', metadata(name), binding('ClusterRole', name, account)),
  ];
  return parts.join('---\n');
}

const rbac = 'rbac.authorization.k8s.io/v1';
const verbOf = (right: string) => right.split(' ')[1] ?? '';

const manifest = (version: string, kind: string, ...lines: readonly string[]) =>
  [`apiVersion: ${version}`, `kind: ${kind}`, ...lines, ''].join('\n');

/** `123` is the name of a namespace, and to YAML a number. */
const text = (name: string) => JSON.stringify(name);

const metadata = (name: string, namespace?: string) =>
  [
    'metadata:',
    `  name: ${text(name)}`,
    ...(namespace === undefined ? [] : [`  namespace: ${text(namespace)}`]),
  ].join('\n');

const binding = (kind: string, role: string, { namespace, name }: RoleAsked['account']) =>
  [
    'roleRef:',
    '  apiGroup: rbac.authorization.k8s.io',
    `  kind: ${kind}`,
    `  name: ${text(role)}`,
    'subjects:',
    '  - kind: ServiceAccount',
    `    name: ${text(name)}`,
    `    namespace: ${text(namespace)}`,
  ].join('\n');

/** A rule for each resource, with the verbs that it needs. */
function rulesOf(rights: readonly string[]): string {
  const verbs = new Map<string, string[]>();
  for (const right of rights) {
    const [resource = '', verb = ''] = right.split(' ');
    verbs.set(resource, [...(verbs.get(resource) ?? []), verb]);
  }
  const rules = [...verbs].flatMap(([permission, its]) => {
    const { group, resource, subresource } = apiOf(permission);
    return [
      `  - apiGroups: ["${group}"]`,
      `    resources: [${subresource === undefined ? resource : `${resource}/${subresource}`}]`,
      `    verbs: [${its.join(', ')}]`,
    ];
  });
  return ['rules:', ...rules].join('\n');
}
