import { describe, expect, it } from 'vitest';
import { findWorkloads } from '../../workflows/kit/kubernetes-names.ts';

const pod = 'checkout-7d9f8c6b5-x2x4q';
const names = (title: string, details: unknown = {}) =>
  findWorkloads(title, [{ status: 'triggered', summary: title, details }]).workloads.map(
    ({ namespace, name }) => `${namespace}/${name}`,
  );

describe('the workload in a title', () => {
  it.each([
    [`[shop] Pod ${pod} is crash looping`, `shop/${pod}`],
    [`[FIRING:1] [shop] Pod ${pod} is in CrashLoopBackOff`, `shop/${pod}`],
    ['[shop] Deployment checkout is crashing', 'shop/checkout'],
    ['[FIRING:1] KubePodCrashLooping (web shop orders-db-0 monitoring/k8s warning)', 'shop/orders-db-0'],
    ['KubePodCrashLooping (web shop orders-db-0)', 'shop/orders-db-0'],
    ['KubePodCrashLooping (shop orders-db-0 warning)', 'shop/orders-db-0'],
    ['KubePodCrashLooping (agent shop node-agent-x7k2q critical)', 'shop/node-agent-x7k2q'],
    ['KubePodCrashLooping (app shop migrate warning)', 'shop/migrate'],
    [
      '[FIRING:1] KubePodCrashLooping (web http 10.0.0.1:8080 kube-state-metrics shop orders-db-0 monitoring/k8s CrashLoopBackOff warning)',
      'shop/orders-db-0',
    ],
    ['[FIRING:1] KubePodCrashLooping shop (web orders-db-0 warning)', 'shop/orders-db-0'],
    [`[FIRING:1]  (KubePodCrashLooping web shop ${pod} monitoring/k8s critical)`, `shop/${pod}`],
    ['crash loop: -n shop pod/orders-db-0', 'shop/orders-db-0'],
    ['CrashLoopBackOff --namespace=shop pod orders-db-0', 'shop/orders-db-0'],
    ['Pod shop/orders-db-0 is crash looping', 'shop/orders-db-0'],
    ['crash loop of namespaces/shop/pods/orders-db-0', 'shop/orders-db-0'],
    ['CrashLoopBackOff namespace:shop pod:orders-db-0', 'shop/orders-db-0'],
    ['CrashLoopBackOff kube_namespace:shop kube_stateful_set:orders-db', 'shop/orders-db'],
    ['replicaset/checkout-7d9f8c6b5 in namespace shop is crashing', 'shop/checkout'],
    ['Deployment checkout of team/backend in namespace shop is crashing', 'shop/checkout'],
    ['[prod] Deployment checkout in namespace shop is crashing', 'shop/checkout'],
    ['CrashLoopBackOff shop/checkout, image shop/checkout:1.2', 'shop/checkout'],
    ['CrashLoopBackOff in secret/vault', 'secret/vault'],
    ['CrashLoopBackOff in registry/registry', 'registry/registry'],
    ['CrashLoopBackOff in prod/checkout', 'prod/checkout'],
    ['shop/checkout keeps crashing (see runbook kube-system/coredns)', 'shop/checkout'],
    ['crash loop of shop/checkout; runbook: kube-system/coredns', 'shop/checkout'],
    ['crash loop, docs/frontend', 'docs/frontend'],
    ['CrashLoopBackOff in prod/eu-west-1: shop/checkout', 'shop/checkout'],
  ])('is found, and nothing else: %s', (title, expected) => {
    expect(names(title)).toEqual([expected]);
  });

  it.each([
    'CrashLoopBackOff in prod/eu-west-1',
    'CrashLoopBackOff in us-east-1/prod',
    'CrashLoopBackOff europe-west4/shop',
    'CrashLoopBackOff for team/backend',
    'CrashLoopBackOff, team backend/payments',
    'CrashLoopBackOff: image shop/checkout:1.2',
    'CrashLoopBackOff: shop/checkout:v3 cannot start',
    'CrashLoopBackOff: image=shop/checkout',
    'CrashLoopBackOff git@example.com:shop/checkout',
    'crash loop on branch feature/checkout',
    'crash loop in prod/eu',
    '[us-east-1] Pod is crash looping',
    '[warning] Pods are crash looping',
    'KubePodCrashLooping (warning)',
    '[FIRING:2] KubePodCrashLooping (web shop warning)',
    'service/checkout is crash looping',
    'Pod alerts: crash loop in namespace shop',
    'Pod state CrashLoopBackOff, namespace shop',
    'Deployment rollout in namespace shop: crash loop',
  ])('is none: %s', (title) => {
    expect(names(title)).toEqual([]);
  });

  it('is where a field says, not where a word with a slash may mean', () => {
    expect(names('Deployment checkout is crashing for web/mobile', { namespace: 'shop' })).toEqual([
      'shop/checkout',
    ]);
    expect(names('web/mobile: crash loop', { namespace: 'shop' })).toEqual([]);
  });

  it('is in the namespace that stands nearest, where each is said with its own', () => {
    expect(
      names('Deployment checkout in namespace shop and deployment search in namespace web crash loop'),
    ).toEqual(['shop/checkout', 'web/search']);
  });

  it('are all that may be meant, where two namespaces are said', () => {
    expect(names('Deployment checkout is crashing in namespace shop and namespace web')).toEqual([
      'shop/checkout',
      'web/checkout',
    ]);
  });
});

it.each(['[a]', 'KubePodCrashLooping (', 'KubeA a ', 'a/', '-n ', 'pod a ', 'namespace a ', 'a:1 ', '*'])(
  'a title of 200 KB is read within a moment: %s',
  (part) => {
    const before = performance.now();
    names(part.repeat(200_000 / part.length), { text: part.repeat(200_000 / part.length), tags: [part] });
    expect(performance.now() - before).toBeLessThan(1_000);
  },
);
