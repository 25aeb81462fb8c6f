import { describe, expect, it } from 'vitest';
import { labelSetsOf } from '../../workflows/kit/alert-details.ts';
import { findWorkloads } from '../../workflows/kit/kubernetes-names.ts';

const pod = 'checkout-7d9f8c6b5-x2x4q';
const alert = (details: unknown, status = 'triggered', summary = '') => ({ status, summary, details });
const names = (title: string, ...details: unknown[]) =>
  findWorkloads(
    title,
    details.map((each) => alert(each)),
  ).workloads.map(({ namespace, name }) => `${namespace}/${name}`);
const labels = (values: Record<string, string>) =>
  `Labels:\n${Object.entries(values)
    .map(([name, value]) => ` - ${name} = ${value}\n`)
    .join(
      '',
    )}Annotations:\n - summary = Pod is crash looping.\nSource: http://prometheus.example/graph?a=b\n`;

describe('the workload in the details of an alert', () => {
  it.each<[string, unknown, string]>([
    [
      'Alertmanager’s text',
      {
        firing: labels({
          alertname: 'A',
          container: 'web',
          namespace: 'shop',
          pod,
          prometheus: 'monitoring/k8s',
        }),
        resolved: '',
      },
      `shop/${pod}`,
    ],
    [
      'the text with Windows line ends',
      { firing: labels({ namespace: 'shop', pod }).replaceAll('\n', '\r\n') },
      `shop/${pod}`,
    ],
    ['a text instead of fields', { text: labels({ namespace: 'shop', pod }) }, `shop/${pod}`],
    ['a text of pairs', { text: `namespace: shop\npod: ${pod}` }, `shop/${pod}`],
    [
      'firing_json',
      { firing_json: JSON.stringify([{ status: 'firing', labels: { namespace: 'shop', pod } }]) },
      `shop/${pod}`,
    ],
    [
      'firing_json of one',
      { firing_json: JSON.stringify({ labels: { namespace: 'shop', pod } }) },
      `shop/${pod}`,
    ],
    ['firing as a list', { firing: [{ labels: { namespace: 'shop', pod } }] }, `shop/${pod}`],
    [
      'Alertmanager’s webhook',
      {
        status: 'firing',
        alerts: [{ status: 'firing', labels: { namespace: 'shop', pod } }],
        commonLabels: { namespace: 'shop' },
      },
      `shop/${pod}`,
    ],
    ['labels', { labels: { namespace: 'shop', pod } }, `shop/${pod}`],
    ['labels as JSON', { labels: JSON.stringify({ namespace: 'shop', pod }) }, `shop/${pod}`],
    ['a stateful set', { namespace: 'shop', statefulset: 'orders-db' }, 'shop/orders-db'],
    ['a daemon set', { namespace: 'shop', daemonset: 'node-agent' }, 'shop/node-agent'],
    ['a job', { namespace: 'shop', job_name: 'migrate' }, 'shop/migrate'],
    ['a plain job', { namespace: 'shop', job: 'migrate' }, 'shop/migrate'],
    ['Datadog', { kube_namespace: 'shop', pod_name: pod }, `shop/${pod}`],
    ['Datadog’s deployment', { kube_namespace: 'shop', kube_deployment: 'checkout' }, 'shop/checkout'],
    ['Datadog’s tags', { tags: `cluster_name:eu,kube_namespace:shop,pod_name:${pod}` }, `shop/${pod}`],
    ['tags as a list', { tags: ['kube_namespace:shop', 'kube_stateful_set:orders-db'] }, 'shop/orders-db'],
    ['New Relic', { namespaceName: 'shop', podName: pod, clusterName: 'eu' }, `shop/${pod}`],
    ['OpenTelemetry', { 'k8s.namespace.name': 'shop', 'k8s.pod.name': pod }, `shop/${pod}`],
    ['nested fields', { kubernetes: { namespace: 'shop', pod: { name: pod } } }, `shop/${pod}`],
    [
      'names and values',
      [
        { name: 'namespace', value: 'shop' },
        { name: 'pod', value: pod },
      ],
      `shop/${pod}`,
    ],
    [
      'the list as PagerDuty’s alerts give it',
      {
        list: [
          { name: 'namespace', value: 'shop' },
          { name: 'pod', value: pod },
        ],
      },
      `shop/${pod}`,
    ],
    [
      'fields with names and values',
      {
        fields: [
          { title: 'Namespace', value: 'shop' },
          { title: 'Deployment', value: 'checkout' },
        ],
      },
      'shop/checkout',
    ],
    [
      'exported labels, not those of kube-state-metrics',
      {
        namespace: 'monitoring',
        pod: 'kube-state-metrics-7575857457-8p2xj',
        container: 'kube-state-metrics',
        job: 'kube-state-metrics',
        exported_namespace: 'shop',
        exported_pod: pod,
      },
      `shop/${pod}`,
    ],
    [
      'an exported namespace with a deployment',
      {
        namespace: 'monitoring',
        pod: 'kube-state-metrics-7575857457-8p2xj',
        exported_namespace: 'shop',
        deployment: 'checkout',
      },
      'shop/checkout',
    ],
    [
      'exported labels in Alertmanager’s text',
      {
        firing: labels({
          exported_namespace: 'shop',
          exported_pod: pod,
          namespace: 'monitoring',
          pod: 'kube-state-metrics-7575857457-8p2xj',
        }),
      },
      `shop/${pod}`,
    ],
  ])('is found: %s', (_, details, expected) => {
    expect(names('CrashLoopBackOff (monitoring/k8s)', details)).toEqual([expected]);
  });

  it('is never the job by which Prometheus scrapes', () => {
    const found = names('CrashLoopBackOff', { alertname: 'A', namespace: 'shop', job: 'kube-state-metrics' });
    expect(found).toEqual([]);
  });

  it('is each one that fires, and none that is over', () => {
    const other = 'search-5b6d7c9f8-abcde';
    const both = labels({ namespace: 'shop', pod }) + labels({ namespace: 'shop', pod: other });
    expect(
      names('CrashLoopBackOff', { firing: both, resolved: labels({ namespace: 'shop', pod: 'old-1' }) }),
    ).toEqual([`shop/${pod}`, `shop/${other}`]);
    const listed = [
      { status: 'resolved', labels: { namespace: 'shop', pod: other } },
      { status: 'firing', labels: { namespace: 'shop', pod } },
    ];
    expect(names('CrashLoopBackOff', { firing: listed })).toEqual([`shop/${pod}`]);
    const alerts = [alert({ namespace: 'shop', pod: other }, 'resolved'), alert({ namespace: 'shop', pod })];
    expect(findWorkloads('CrashLoopBackOff', alerts).workloads).toEqual([
      { namespace: 'shop', name: pod, kind: 'Pod' },
    ]);
  });

  it('brings its container and its owner', () => {
    const details = { namespace: 'shop', pod, container: 'web', deployment: 'checkout' };
    expect(findWorkloads('', [alert(details)])).toEqual({
      workloads: [
        {
          namespace: 'shop',
          name: pod,
          kind: 'Pod',
          container: 'web',
          owner: { kind: 'Deployment', name: 'checkout' },
        },
      ],
      certain: true,
    });
  });

  it('is none where names are no names', () => {
    for (const bad of ['../kube-system', 'Shop', '-shop', 'a'.repeat(64), 'shop.example', ''])
      expect(names('CrashLoopBackOff', { namespace: bad, pod })).toEqual([]);
    for (const bad of ['a..b', 'a/b', 'A', 'a'.repeat(254), 'a?b'])
      expect(names('CrashLoopBackOff', { namespace: 'shop', pod: bad })).toEqual([]);
  });
});

describe('the workload in a title', () => {
  it.each([
    [`[FIRING:1] KubePodCrashLooping (web shop ${pod} monitoring/k8s warning)`, `shop/${pod}`],
    [`[FIRING:1] KubernetesPodCrashLooping (shop ${pod})`, `shop/${pod}`],
    [`Crashing pod ${pod} in namespace shop`, `shop/${pod}`],
    [`Back-off restarting failed container web in pod ${pod}_shop`, `shop/${pod}`],
    [`Pod ${pod} is CrashloopBackOff on namespace shop`, `shop/${pod}`],
    ['Deployment checkout in the shop namespace is crash looping', 'shop/checkout'],
    ['statefulset/orders-db is crash looping, namespace: shop', 'shop/orders-db'],
    ['CPU/memory and I/O fine, n/a, and/or, 2026/11/25: crash loop of shop/checkout', 'shop/checkout'],
  ])('is found first: %s', (title, expected) => {
    expect(names(title)[0]).toBe(expected);
  });

  it.each([
    'Pod is crash looping.',
    'Pods are crashing and/or restarting, I/O and CPU/memory are fine, n/a',
    'crash loop, prometheus=monitoring/k8s',
    'crash loop on 2026/11/25, 3/5 pods, see https://example.com/runbook/checkout',
    'Pod is crash looping in namespace shop',
  ])('is none: %s', (title) => {
    expect(names(title)).toEqual([]);
  });

  it('is only what may be meant: the cluster is asked before it is believed', () => {
    expect(findWorkloads('crash loop of shop/checkout', []).certain).toBe(false);
  });
});

describe('an alert of a crash loop among others', () => {
  const busy = { alertname: 'HighCPU', namespace: 'shop', deployment: 'checkout' };
  const crashing = { alertname: 'KubePodCrashLooping', namespace: 'shop', deployment: 'payments' };
  const group = [busy, crashing].map((each) => ({ status: 'firing', labels: each }));

  it.each([
    [
      'of an incident',
      [alert(busy, 'triggered', 'High CPU'), alert(crashing, 'triggered', 'KubePodCrashLooping')],
    ],
    ['of a group', [alert({ alerts: group })]],
  ])('is the only one that counts, unless all are wanted: %s', (_, alerts) => {
    const found = (...about: ['all'] | []) =>
      findWorkloads('High CPU', alerts, ...about).workloads.map(({ name }) => name);
    expect([found(), found('all')]).toEqual([['payments'], ['checkout', 'payments']]);
  });
});

it.each([
  ['a long text', { firing: `Labels:\n${' - a = b\n'.repeat(25_000)}` }],
  ['pairs', { text: 'a:b,'.repeat(50_000) }],
  ['spaces', { text: ' '.repeat(200_000), tags: ':'.repeat(200_000) }],
  ['broken JSON', { firing_json: '['.repeat(200_000) }],
  [
    'hyphens',
    { namespace: 'a-'.repeat(100_000), pod: '-'.repeat(200_000), description: 'a-a-'.repeat(50_000) },
  ],
  ['many alerts', { firing: 'Labels:\n - namespace = shop\n - pod = a\n'.repeat(5_000) }],
  ['deep fields', JSON.parse(`${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`)],
])('details of 200 KB are read within a moment: %s', (_, details) => {
  const before = performance.now();
  expect(labelSetsOf(details).alerts.length).toBeLessThanOrEqual(50);
  findWorkloads('', [alert(details)]);
  expect(performance.now() - before).toBeLessThan(1_000);
});
