import { type Labels, labelSetsOf } from './alert-details.ts';

export const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'] as const;
export type WorkloadKind = (typeof workloadKinds)[number];

/** What an alert or a title names: a pod, or what makes pods. */
export interface NamedWorkload {
  namespace: string;
  name: string;
  /** Undefined where only a name is said. */
  kind?: 'Pod' | WorkloadKind;
  /** The container that crashes, where that is said. */
  container?: string;
  /** What makes the pod, where that is said too: the pod may be gone. */
  owner?: { kind: WorkloadKind; name: string };
}

/** As much of an alert as is needed here. */
export interface NamingAlert {
  status?: string | undefined;
  summary: string;
  details: unknown;
}

export interface Named {
  workloads: NamedWorkload[];
  /** Told by details with names of their own, so there is no doubt; what a text says is to be found in the cluster first. */
  certain: boolean;
}

/** What the details of the alerts that still fire name; where they name nothing, what their texts or the title may mean. */
export function findWorkloads(title: string, alerts: readonly NamingAlert[]): Named {
  const firing = alerts.filter(({ status }) => status !== 'resolved');
  const sets = firing.flatMap(({ details }) => labelSetsOf(details));
  const named = sets.flatMap((labels) => fromLabels(labels) ?? []);
  if (named.length > 0) return { workloads: distinct(named), certain: true };
  const texts = [
    title,
    ...firing.map(({ summary }) => summary),
    ...sets.flatMap(({ summary, description, message, title: said, text }) =>
      [summary, description, message, said, text].filter((each) => each !== undefined),
    ),
  ];
  const namespaces = sets.flatMap((labels) => first(labels, namespaceNames, isNamespace) ?? []);
  return { workloads: distinct(texts.flatMap((text) => fromText(text, namespaces[0]))), certain: false };
}

function distinct(all: readonly NamedWorkload[]): NamedWorkload[] {
  const byName = new Map<string, NamedWorkload>();
  for (const each of all) {
    const key = `${each.namespace}/${each.name}`;
    if (!byName.has(key)) byName.set(key, each);
  }
  return [...byName.values()];
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
export const isNamespace = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(value);
export const isObjectName = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length <= 253 &&
  value.split('.').every((part) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(part));

/** A field's names, the surest first: kube-state-metrics' exported ones, Datadog's, New Relic's, OpenTelemetry's, the plain one. */
const namesOf = (field: string) => [
  `exported${field}`,
  `kube${field}`,
  `${field}name`,
  `kube${field}name`,
  `k8s${field}name`,
  `kubernetes${field}name`,
  `k8s${field}`,
  `kubernetes${field}`,
  field,
];
const namespaceNames = namesOf('namespace');
const podNames = namesOf('pod');
const containerNames = namesOf('container');
const ownerNames: readonly [WorkloadKind, readonly string[]][] = [
  ['Deployment', namesOf('deployment')],
  ['StatefulSet', namesOf('statefulset')],
  ['DaemonSet', namesOf('daemonset')],
  // Prometheus calls by this name what it scrapes: see `ofScraper`.
  ['Job', namesOf('job').filter((name) => name !== 'exportedjob')],
];

/** A label that Prometheus or its operator adds says that `job` is the job of scraping. */
const prometheusLabels = ['alertname', 'prometheus', 'instance', 'endpoint', 'metricspath'];
const isExported = ({ exportednamespace, exportedpod }: Labels) =>
  exportednamespace !== undefined || exportedpod !== undefined;

/** The labels that are about who was asked for the metric, not about what the metric is of. */
function ofScraper(labels: Labels): readonly string[] {
  if (isExported(labels)) {
    const own = labels.exportednamespace === undefined ? [] : ['namespace'];
    return [...own, 'pod', 'container', 'job'];
  }
  return prometheusLabels.some((name) => labels[name] !== undefined) ? ['job'] : [];
}

function fromLabels(all: Labels): NamedWorkload | undefined {
  const left = ofScraper(all);
  const labels = Object.fromEntries(Object.entries(all).filter(([name]) => !left.includes(name)));
  const namespace = first(labels, namespaceNames, isNamespace);
  if (namespace === undefined) return undefined;
  const container = first(labels, containerNames, isNamespace);
  const pod = first(labels, podNames, isObjectName);
  const [owner] = ownerNames.flatMap(([kind, names]) => {
    const name = first(labels, names, isObjectName);
    return name === undefined ? [] : [{ kind, name }];
  });
  const more = container === undefined ? {} : { container };
  if (pod !== undefined) return { namespace, name: pod, kind: 'Pod', ...more, ...(owner ? { owner } : {}) };
  return owner && { namespace, ...owner, ...more };
}

function first(
  labels: Labels,
  names: readonly string[],
  fits: (value: unknown) => value is string,
): string | undefined {
  return names.map((name) => labels[name]).find(fits);
}

/** A title or a sentence says it in its beginning. */
const maxText = 4096;
const kindWords = new Map<string, NonNullable<NamedWorkload['kind']>>([
  ['pod', 'Pod'],
  ['deploy', 'Deployment'],
  ['deployment', 'Deployment'],
  ['statefulset', 'StatefulSet'],
  ['sts', 'StatefulSet'],
  ['daemonset', 'DaemonSet'],
  ['ds', 'DaemonSet'],
  ['job', 'Job'],
]);
const kindOf = (word = '') => {
  const plain = word.toLowerCase();
  return kindWords.get(plain) ?? kindWords.get(plain.replace(/s$/, ''));
};

/** What follows "pod" or stands before "namespace" and is a word of the language. */
const prose = new Set(
  (
    'a an and are as at back be by can container containers crash crashed crashing crashloop crashlooping crashes does ' +
    'down error failed failing failure for from had has have if in into is it its keeps loop looping many more named no not ' +
    'of off on one or pod pods ready restart restarted restarting restarts running same several some stuck that the this to ' +
    'unhealthy was were which with'
  ).split(' '),
);
const isSaid = (value: unknown): value is string => isObjectName(value) && !prose.has(value);

/** Pairs of words that a slash joins and that are no namespace and name. */
const joined = new Set([
  'and/or',
  'either/or',
  'n/a',
  'i/o',
  'w/o',
  'c/o',
  'tcp/ip',
  'cpu/memory',
  'on/off',
  'read/write',
]);

/** `checkout-7d9f8c6b5-x2x4q`: a replica set's hash and five characters. */
const isReplicaPod = (word: string) =>
  /^[a-z][-a-z0-9]*-(?=[a-z]*[0-9])[a-z0-9]{5,10}-[a-z0-9]{5}$/.test(word);

/** What a text may mean, the likeliest first. */
function fromText(whole: string, known: string | undefined): NamedWorkload[] {
  const words = whole
    .slice(0, maxText)
    .split(/[\s"'`()[\]{}<>,;:=]+/)
    .map((word) => word.replace(/[.!?]{1,9}$/, ''));
  const namespace = known ?? namespaceIn(words);
  return [...kubeletPods(words), ...saidIn(words, namespace), ...listedPods(words), ...withSlash(words)];
}

/** `namespace shop`, `in the shop namespace`, `ns/shop`. */
function namespaceIn(words: readonly string[]): string | undefined {
  for (const [index, word] of words.entries()) {
    const plain = word.toLowerCase();
    const [kind, name, ...rest] = word.split('/');
    if (/^(ns|namespace)$/i.test(kind ?? '') && rest.length === 0 && isNamespace(name)) return name;
    if (plain !== 'namespace' && plain !== 'ns') continue;
    const said = [words[index + 1], words[index - 1]].find((each) => isNamespace(each) && !prose.has(each));
    if (said !== undefined) return said;
  }
  return undefined;
}

/** The kubelet writes `pod checkout-7d9f8c6b5-x2x4q_shop`. */
function kubeletPods(words: readonly string[]): NamedWorkload[] {
  return words.flatMap((word, index) => {
    const [name, namespace, ...rest] = word.split('_');
    if (kindOf(words[index - 1]) !== 'Pod' || rest.length > 0) return [];
    return isObjectName(name) && isNamespace(namespace) ? [{ namespace, name, kind: 'Pod' as const }] : [];
  });
}

/** `deployment checkout` or `pod/checkout-…`, where the namespace is said too; a pod in it also by its looks. */
function saidIn(words: readonly string[], namespace: string | undefined): NamedWorkload[] {
  if (namespace === undefined) return [];
  const said = words.flatMap((word, index): NamedWorkload[] => {
    const [before, after, ...rest] = word.split('/');
    const slashed = kindOf(before);
    if (slashed && rest.length === 0 && isSaid(after)) return [{ namespace, name: after, kind: slashed }];
    const kind = kindOf(words[index - 1]);
    return kind && isSaid(word) && word !== namespace ? [{ namespace, name: word, kind }] : [];
  });
  const looks = words.filter((word) => isObjectName(word) && isReplicaPod(word));
  return [...said, ...looks.map((name) => ({ namespace, name, kind: 'Pod' as const }))];
}

/** Alertmanager lists the labels' values in the order of their names: the namespace stands before the pod. */
function listedPods(words: readonly string[]): NamedWorkload[] {
  return words.flatMap((name, index) => {
    const namespace = words[index - 1];
    if (!isObjectName(name) || !isReplicaPod(name) || !isNamespace(namespace) || prose.has(namespace))
      return [];
    return [{ namespace, name, kind: 'Pod' as const }];
  });
}

/** `namespace/name`. 3/5 is a count, and pod/checkout says what checkout is and not where. */
function withSlash(words: readonly string[]): NamedWorkload[] {
  return words.flatMap((word, index) => {
    const [namespace, name, ...rest] = word.split('/');
    if (rest.length > 0 || !isNamespace(namespace) || !isObjectName(name)) return [];
    if (joined.has(word) || kindOf(namespace) || namespace === 'ns' || words[index - 1] === 'prometheus')
      return [];
    return /[a-z]/.test(namespace) && /[a-z]/.test(name) ? [{ namespace, name }] : [];
  });
}
