import { describe, expect, it } from 'vitest';
import { findWorkloads } from '../../workflows/kit/kubernetes-names.ts';

const pod = 'checkout-7d9f8c6b5-x2x4q';
const other = 'search-5b6d7c9f8-abcde';
const found = (details: unknown, title = 'CrashLoopBackOff') =>
  findWorkloads(title, [{ status: 'triggered', summary: '', details }]);
const names = (details: unknown, title?: string) =>
  found(details, title).workloads.map(({ namespace, name }) => `${namespace}/${name}`);

describe('a pod in the details of an alert', () => {
  const google = { namespace_name: 'shop', pod_name: pod, container_name: 'web', cluster_name: 'eu' };
  const labels = { namespace: 'shop', pod };
  const fields = [
    { name: 'Namespace', value: 'shop' },
    { name: 'PodName', value: pod },
  ];
  const tags = [
    { tag: 'namespace', value: 'shop' },
    { tag: 'pod', value: pod },
  ];

  it.each<[string, unknown]>([
    ['Google Cloud', { incident: { state: 'open', resource: { type: 'k8s_container', labels: google } } }],
    ['Google Cloud’s resource', { resource: { labels: google } }],
    [
      'Google Cloud’s names, flat',
      { 'resource.labels.namespace_name': 'shop', 'resource.labels.pod_name': pod },
    ],
    [
      'CloudWatch',
      { Trigger: { MetricName: 'restarts', Namespace: 'ContainerInsights', Dimensions: fields } },
    ],
    [
      'CloudWatch with capitals',
      {
        Namespace: 'AWS/EKS',
        Dimensions: [
          { Name: 'Namespace', Value: 'shop' },
          { Name: 'PodName', Value: pod },
        ],
      },
    ],
    [
      'CloudWatch through SNS',
      {
        Type: 'Notification',
        Message: JSON.stringify({ NewStateValue: 'ALARM', Trigger: { Dimensions: fields } }),
      },
    ],
    [
      'CloudWatch through EventBridge',
      {
        detail: {
          configuration: {
            metrics: [
              {
                metricStat: {
                  metric: {
                    namespace: 'ContainerInsights',
                    name: 'r',
                    dimensions: { Namespace: 'shop', PodName: pod },
                  },
                },
              },
            ],
          },
        },
      },
    ],
    ['CloudWatch’s text', { Dimensions: `ClusterName=eu Namespace=shop PodName=${pod}` }],
    [
      'CloudWatch’s text in brackets',
      { dimensions: `[ClusterName = eu, Namespace = shop, PodName = ${pod}]` },
    ],
    [
      'CloudWatch’s text in a sentence',
      { AlarmDescription: `Restarts for ClusterName=eu Namespace=shop PodName=${pod}` },
    ],
    ['Zabbix', { event_tags: tags }],
    ['Zabbix’s JSON', { EVENT_TAGSJSON: JSON.stringify(tags) }],
    ['Zabbix’s text', { tags: `namespace:shop pod:${pod}` }],
    ['Zabbix’s text with commas', { event_tags: `scope:availability, namespace: shop, pod: ${pod}` }],
    ['Opsgenie', { alert: { extraProperties: labels } }],
    ['Opsgenie’s details', { details: labels }],
    ['Opsgenie’s tags', { alert: { tags: ['namespace:shop', `pod:${pod}`] } }],
    ['New Relic', { accumulations: { tag: { 'k8s.namespaceName': ['shop'], 'k8s.podName': [pod] } } }],
    [
      'New Relic, flat',
      { 'accumulations.tag.k8s.namespaceName': ['shop'], 'accumulations.tag.k8s.podName': [pod] },
    ],
    ['Grafana’s matches', { evalMatches: [{ metric: 'restarts', value: 9, tags: labels }] }],
    [
      'Grafana’s labels',
      { message: `**Firing**\n\nValue: A=9\nLabels:\nnamespace: shop\npod: ${pod}\nAnnotations:\n` },
    ],
    ['lines', { description: `namespace: shop\npod: ${pod}` }],
    ['lines with bullets', { text: `• **Namespace:** shop\n• **Pod:** \`${pod}\`` }],
    ['a map of Go', { labels: `map[alertname:Crash namespace:shop pod:${pod}]` }],
    ['labels of PromQL', { labels: `{namespace="shop", pod="${pod}"}` }],
    ['an event', { involvedObject: { kind: 'Pod', namespace: 'shop', name: pod }, reason: 'BackOff' }],
    [
      'an event of a watcher',
      { namespace: 'monitoring', involvedObject: { kind: 'Pod', namespace: 'shop', name: pod } },
    ],
    [
      'an event with its own name',
      {
        kind: 'Event',
        metadata: { namespace: 'shop', name: 'x.17a' },
        regarding: { kind: 'Pod', name: pod },
      },
    ],
    [
      'an event, flat',
      { 'involvedObject.kind': 'Pod', 'involvedObject.namespace': 'shop', 'involvedObject.name': pod },
    ],
    ['a watched object', { object: { kind: 'pod', namespace: 'shop', name: pod } }],
    ['an object as one word', { object: `Pod/shop/${pod}` }],
    ['a manifest in an object', { object: { kind: 'Pod', metadata: { namespace: 'shop', name: pod } } }],
    ['a subject', { subject_type: 'pod', subject_namespace: 'shop', subject_name: pod }],
    [
      'lists of two',
      {
        labels: [
          ['namespace', 'shop'],
          ['pod', pod],
        ],
      },
    ],
    [
      'Grafana’s metric',
      { evalMatches: [{ metric: `restarts{namespace="shop", pod="${pod}"}`, tags: null }] },
    ],
    ['a query', { dimensions: `ClusterName=eu&Namespace=shop&PodName=${pod}` }],
    ['a manifest', { kind: 'Pod', metadata: { namespace: 'shop', name: pod } }],
    ['a short form', { ns: 'shop', pod }],
    ['several words for one', { ns: 'shop', pods: [pod] }],
    ['a pod with its namespace', { pod: `shop/${pod}` }],
    ['a pod with its kind', { namespace: 'shop', pod: `pod/${pod}` }],
    ['objects in a list', { pods: [{ namespace: 'shop', name: pod }] }],
    ['names of monitors under metadata', { metadata: { 'k8s.namespace.name': 'shop' }, 'k8s.pod.name': pod }],
    ['the namespace of the pod', { namespace: 'monitoring', pod: { namespace: 'shop', name: pod } }],
    ['a list with what is no name', { namespace: 'shop', pods: [pod, 'Not a pod'] }],
    ['a pod that fails', { namespace: 'shop', failing_pod: pod }],
    ['pods that are affected', { namespace: 'shop', affected_pods: [pod], healthy_pods: [other] }],
    ['Nagios’ output', { SERVICEOUTPUT: `CRITICAL - Pod ${pod} in namespace shop: CrashLoopBackOff` }],
    [
      'Sensu’s output',
      { check: { metadata: { namespace: 'default' }, output: `pod ${pod} in namespace shop crashes` } },
    ],
    ['an unknown wrapper', { payload: { source: { labels } } }],
  ])('is found: %s', (_, details) => {
    expect(names(details)).toEqual([`shop/${pod}`]);
  });

  it('brings the container', () => {
    expect(found({ resource: { labels: google } }).workloads[0]?.container).toBe('web');
    expect(found({ ...labels, containers: ['web', 'proxy'] }).workloads[0]).not.toHaveProperty('container');
  });
});

describe('what makes the pods', () => {
  it.each<[unknown, string, string]>([
    [{ namespace: 'shop', workload: 'checkout', workload_type: 'deployment' }, 'checkout', 'Deployment'],
    [{ namespace: 'shop', workload: 'deployment/checkout' }, 'checkout', 'Deployment'],
    [{ namespace: 'shop', owner_kind: 'StatefulSet', owner_name: 'orders-db' }, 'orders-db', 'StatefulSet'],
    [
      { namespace: 'shop', owner_kind: 'ReplicaSet', owner_name: 'checkout-7d9f8c6b5' },
      'checkout',
      'Deployment',
    ],
    [{ namespace: 'shop', created_by_kind: 'DaemonSet', created_by_name: 'agent' }, 'agent', 'DaemonSet'],
    [{ namespace: 'shop', replicaset: 'checkout-7d9f8c6b5' }, 'checkout', 'Deployment'],
    [{ namespace: 'shop', kube_replica_set: 'checkout-7d9f8c6b5' }, 'checkout', 'Deployment'],
    [{ ns: 'shop', deploy: 'checkout' }, 'checkout', 'Deployment'],
    [{ ns: 'shop', sts: 'orders-db' }, 'orders-db', 'StatefulSet'],
    [{ namespace: 'shop', cronjob: 'nightly' }, 'nightly', 'CronJob'],
    [{ namespace: 'shop', cronjob: 'nightly', job_name: 'nightly-28391040' }, 'nightly-28391040', 'Job'],
    [
      { 'k8s.namespace.name': 'shop', 'k8s.workload.kind': 'deployment', 'k8s.workload.name': 'checkout' },
      'checkout',
      'Deployment',
    ],
    [{ kind: 'Deployment', namespace: 'shop', name: 'checkout' }, 'checkout', 'Deployment'],
  ])('is found: %j', (details, name, kind) => {
    expect(found(details)).toEqual({ workloads: [{ namespace: 'shop', name, kind }], certain: true });
  });

  it('is told beside the pod', () => {
    const details = { namespace: 'shop', pod, owner_kind: 'ReplicaSet', owner_name: 'checkout-7d9f8c6b5' };
    expect(found(details).workloads).toEqual([
      { namespace: 'shop', name: pod, kind: 'Pod', owner: { kind: 'Deployment', name: 'checkout' } },
    ]);
  });
});

describe('several in one alert', () => {
  it('are all found', () => {
    const both = [`shop/${pod}`, `shop/${other}`];
    expect(names({ namespace: 'shop', pods: [pod, other] })).toEqual(both);
    expect(names({ namespace: 'shop', pods: `${pod}, ${other}` })).toEqual(both);
    expect(names({ tags: `kube_namespace:shop,pod_name:${pod},pod_name:${other}` })).toEqual(both);
    expect(
      names({ evalMatches: [pod, other].map((each) => ({ tags: { namespace: 'shop', pod: each } })) }),
    ).toEqual(both);
  });

  it('are all found in a list of objects', () => {
    const event = (name: string, namespace: string) => ({ involvedObject: { kind: 'Pod', name, namespace } });
    expect(names({ events: [event('a-0', 'shop'), event('b-0', 'web')] })).toEqual(['shop/a-0', 'web/b-0']);
  });

  it('are only those of a crash loop, where some say so', () => {
    const labels = (alertname: string, name: string) => ({ alertname, namespace: 'shop', pod: name });
    const alerts = [labels('KubePodCrashLooping', pod), labels('CPUThrottlingHigh', other)];
    expect(names({ alerts: alerts.map((each) => ({ labels: each })) })).toEqual([`shop/${pod}`]);
    const both = [
      { summary: 'Disk full', details: { namespace: 'shop', pod: other } },
      { summary: 'Pod is crash looping', details: { namespace: 'shop', pod } },
    ];
    expect(findWorkloads('CrashLoopBackOff', both).workloads.map(({ name }) => name)).toEqual([pod]);
  });

  it('leave it to the cluster where two namespaces are said', () => {
    const tag = { 'k8s.namespaceName': ['shop', 'web'], 'k8s.podName': [pod] };
    expect(found({ accumulations: { tag } }).certain).toBe(false);
    expect(names({ accumulations: { tag } })).toEqual([`shop/${pod}`, `web/${pod}`]);
  });
});
