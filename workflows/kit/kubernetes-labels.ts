import type { Labels } from './alert-details.ts';
import {
  isNamespace,
  isWorkloadKind,
  kindOf,
  type NamedWorkload,
  type Reference,
  readReference,
  referenceTo,
} from './kubernetes-words.ts';

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
/** Fields that hold or name an object, as Kubernetes' events and owners do: beside each a kind, and perhaps a namespace. */
const objects = [
  'involvedobject',
  'regarding',
  'object',
  ...['kube', 'k8s', 'kubernetes', ''].map((prefix) => `${prefix}workload`),
  'controller',
  'owner',
  'ownerreferences',
  'kubeownerref',
  'createdby',
  'resource',
  'subject',
  '',
];
const namespaceNames = [
  'exportednamespace',
  // What is said of the pod is nearer than what is said of all.
  ...['pod', 'k8spod', 'kubernetespod'].map((pod) => `${pod}namespace`),
  ...namesOf('namespace'),
  ...namesOf('ns'),
  ...objects.filter((name) => name !== '').map((name) => `${name}namespace`),
];
const podNames = [...namesOf('pod'), 'po'];
const containerNames = namesOf('container');
const ownerNames = [
  'deployment',
  'deploy',
  'replicaset',
  'rs',
  'statefulset',
  'sts',
  'daemonset',
  'ds',
  // Prometheus calls by this name what it scrapes: see `ofScraper`.
  'job',
  'cronjob',
].map((field) => ({ kind: kindOf(field), names: namesOf(field).filter((name) => name !== 'exportedjob') }));

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

const withoutScraper = (all: Labels): Labels => {
  const left = ofScraper(all);
  return Object.fromEntries(Object.entries(all).filter(([name]) => !left.includes(name)));
};

/** All that the labels of one alert name. A list of namespaces leaves open which of them is meant. */
export function fromLabels(all: Labels): NamedWorkload[] {
  const labels = withoutScraper(all);
  const namespaces = namespacesOf(all);
  const [container, ...containers] = saidIn(labels, containerNames, readNamespace);
  const more = container === undefined || containers.length > 0 ? {} : { container };
  // Of two namespaces for one object none is believed.
  const agrees = ({ namespace }: Reference) =>
    namespace === undefined || namespaces.length === 0 || namespaces.includes(namespace);
  const told = objects.flatMap((name) => objectIn(labels, name) ?? []);
  const pods = first(
    saidIn(labels, podNames, readObject).filter(agrees),
    told.filter(({ kind }) => kind === 'Pod'),
  );
  const owners = first(
    ...ownerNames.map(({ kind, names }) =>
      saidIn(labels, names, readObject)
        .filter(agrees)
        .map((each) => ({ ...each, ...referenceTo(kind, each.name) })),
    ),
    told.filter(({ kind }) => kind !== 'Pod').slice(0, 1),
  );
  const owner = owners.map(ownerOf)[0];
  const placed = (references: readonly Reference[], rest: Partial<NamedWorkload>) =>
    references.flatMap(({ namespace, ...each }) =>
      (namespace === undefined ? namespaces : [namespace]).map((where) => ({
        namespace: where,
        ...each,
        ...rest,
      })),
    );
  if (pods.length > 0)
    return placed(
      pods.map((pod) => ({ ...pod, kind: 'Pod' as const })),
      { ...more, ...(owner ? { owner } : {}) },
    );
  return placed(owners, more);
}

/** The namespaces that the labels of one alert may mean: more than one only where they are said in one list. */
export const namespacesOf = (all: Labels): string[] =>
  saidIn(withoutScraper(all), namespaceNames, readNamespace);

const readNamespace = (value: string) => (isNamespace(value) && !nothing.has(value) ? value : undefined);
const readObject = (value: string) => {
  const reference = readReference(value);
  // `pods: 3` is a count.
  return reference && /[a-z]/.test(reference.name) && !nothing.has(reference.name) ? reference : undefined;
};
/** What monitors write where they know no value. */
const nothing = new Set(['null', 'nil', 'none', 'unknown', 'undefined', 'missing', 'na']);

const first = <Item>(...lists: readonly Item[][]): Item[] => lists.find((list) => list.length > 0) ?? [];

const ownerOf = ({ kind, name }: Reference) => (isWorkloadKind(kind) ? { kind, name } : undefined);

/** `involvedObject: { kind, namespace, name }`, `workload` and `workload_type`, `owner_kind` and `owner_name`. */
function objectIn(labels: Labels, field: string): Reference | undefined {
  const kindNames = field === '' ? ['kind'] : [`${field}kind`, `${field}type`];
  const [kind] = saidIn(labels, kindNames, kindOf);
  const names = [`${field}name`, field];
  const [reference] = saidIn(labels, names, readObject);
  // A name alone is that of anything; but a workload is one.
  if (!reference || (!kind && !reference.kind && !field.endsWith('workload'))) return undefined;
  const [namespace] = saidIn(labels, [`${field}namespace`], readNamespace);
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...reference,
    ...referenceTo(kind ?? reference.kind, reference.name),
  };
}

/** What the first of these labels says that can be read as a whole. */
function saidIn<Said>(
  labels: Labels,
  names: readonly string[],
  read: (value: string) => Said | undefined,
): Said[] {
  for (const name of names)
    for (const values of labels[name] ?? []) {
      const said = values.flatMap((value) => {
        const parts = value.split(/[,\s]+/).map(read);
        const readable = parts.filter((part) => part !== undefined);
        return readable.length === parts.length ? readable : [];
      });
      if (said.length > 0) return said;
    }
  return [];
}
