import { describe, expect, it } from 'vitest';
import { crashingContainer, podsOf } from '../../workflows/kit/kubernetes-pods.ts';
import { findWorkload, headlineOf } from '../../workflows/kubernetes-crash-loop-diagnosis.ts';

const alertWith = (details: Record<string, unknown>) => ({
  id: 'PALERT1',
  status: 'triggered' as const,
  summary: 'CrashLoopBackOff',
  details,
  links: [],
});

const container = (name: string, restarts: number, ready = false) => ({ name, restarts, ready });

const pod = (name: string, owner: { kind: string; name: string } | undefined, restarts = 0) => ({
  name,
  uid: `uid-${name}`,
  phase: 'Running',
  ready: restarts === 0,
  restarts,
  images: ['shop/checkout:7'],
  containers: [container('app', restarts, restarts === 0)],
  ...(owner ? { owner } : {}),
});
const checkout = { kind: 'ReplicaSet', name: 'checkout-7c9f8d' };
const worker = { kind: 'ReplicaSet', name: 'checkout-worker-5b6d7' };

describe('the workload that an incident is about', () => {
  it('is what the alert’s details name, before the title', () => {
    const title = 'CrashLoopBackOff: shop/search';
    const named = (details: Record<string, unknown>) => findWorkload(title, [alertWith(details)]);
    expect(named({ namespace: 'shop', pod: 'checkout-7c9f8d-abcde', deployment: 'checkout' })).toEqual({
      namespace: 'shop',
      name: 'checkout-7c9f8d-abcde',
    });
    expect(named({ namespace: 'shop', deployment: 'checkout' })).toEqual({
      namespace: 'shop',
      name: 'checkout',
    });
    expect(named({ namespace: 'shop' })).toEqual({ namespace: 'shop', name: 'search' });
  });

  it.each([
    ['CrashLoopBackOff: shop/checkout', 'shop', 'checkout'],
    ['Pod "shop/checkout-7c9f8d-abcde" is in a crash loop.', 'shop', 'checkout-7c9f8d-abcde'],
    ['3/5 pods in crash loop (shop/checkout)', 'shop', 'checkout'],
    ['pod/checkout of shop/checkout: crash loop', 'shop', 'checkout'],
    ['Crash loop of shop/checkout.', 'shop', 'checkout'],
  ])('is read from the title "%s"', (title, namespace, name) => {
    expect(findWorkload(title, [])).toEqual({ namespace, name });
  });

  it.each([
    'CrashLoopBackOff',
    'CrashLoopBackOff 3/5',
    'crash loop, see https://example.com/runbook',
    'crash loop in /var/log',
    'crash loop of pod/checkout',
    'crash loop of Shop/Checkout',
    'crash loop of a/b/c',
  ])('is none in the title "%s"', (title) => {
    expect(findWorkload(title, [])).toBeUndefined();
  });

  it.each([
    { namespace: '../kube-system', pod: 'checkout' },
    { namespace: 'shop', pod: 'checkout?previous=1' },
    { namespace: 'shop.example', pod: 'checkout' },
    { namespace: 3, pod: null },
    { namespace: 'shop', pod: 'x'.repeat(254) },
  ])('is none where the details hold no names: %o', (details) => {
    expect(findWorkload('crash loop', [alertWith(details)])).toBeUndefined();
  });
});

describe('the pods of a workload', () => {
  const all = [
    pod('checkout-7c9f8d-aaaaa', checkout),
    pod('checkout-7c9f8d-bbbbb', checkout, 12),
    pod('checkout-worker-5b6d7-ccccc', worker, 40),
    pod('kafka-0', { kind: 'StatefulSet', name: 'kafka' }, 2),
    pod('migrate', undefined, 1),
  ];
  const found = (name: string) => {
    const pods = podsOf(name, all);
    return (
      pods && { pods: pods.pods.map((each) => each.name), crashing: pods.crashing.name, owner: pods.owner }
    );
  };
  const ofCheckout = ['checkout-7c9f8d-aaaaa', 'checkout-7c9f8d-bbbbb'];

  it('are those of the deployment and of no other that begins like it; the worst is the one restarted most', () => {
    expect(found('checkout')).toEqual({
      pods: ofCheckout,
      crashing: 'checkout-7c9f8d-bbbbb',
      owner: { kind: 'Deployment', name: 'checkout' },
    });
  });

  it('are the siblings of a pod that is named, which is itself the worst', () => {
    expect(found('checkout-7c9f8d-aaaaa')).toMatchObject({
      pods: ofCheckout,
      crashing: 'checkout-7c9f8d-aaaaa',
    });
  });

  it('are those that replaced a pod which is gone', () => {
    expect(found('checkout-64d5c-zzzzz')).toMatchObject({
      pods: ofCheckout,
      crashing: 'checkout-7c9f8d-bbbbb',
    });
    expect(found('kafka-1')).toMatchObject({
      pods: ['kafka-0'],
      owner: { kind: 'StatefulSet', name: 'kafka' },
    });
  });

  it('are those of the jobs that a cron job made', () => {
    const nightly = { kind: 'Job', name: 'nightly-28391040' };
    const pods = [pod('nightly-28391040-abcde', nightly, 1), pod('nightly-report-x', undefined)];
    expect(podsOf('nightly', pods)).toMatchObject({
      crashing: { name: 'nightly-28391040-abcde' },
      owner: nightly,
    });
  });

  it('can be one that stands alone', () => {
    expect(found('migrate')).toEqual({ pods: ['migrate'], crashing: 'migrate', owner: undefined });
  });

  it('are none where nothing is called like that', () => {
    expect(found('search')).toBeUndefined();
    expect(podsOf('checkout', [])).toBeUndefined();
  });
});

describe('the headline of a diagnosis', () => {
  it('says how many are ready, which one crashes and how its container ended', () => {
    const crashing = {
      ...pod('checkout-7c9f8d-bbbbb', checkout, 12),
      containers: [
        container('proxy', 0, true),
        { ...container('app', 12), lastState: { exitCode: 137, reason: 'OOMKilled' } },
      ],
    };
    const pods = [pod('checkout-7c9f8d-aaaaa', checkout), crashing];
    expect(headlineOf('shop', { pods, crashing, owner: { kind: 'Deployment', name: 'checkout' } })).toBe(
      'shop/checkout: 1 of 2 pods ready. checkout-7c9f8d-bbbbb has restarted 12 times. ' +
        'Its container app ended last with exit code 137 (OOMKilled).',
    );
  });

  it('looks at the container that is not ready, not at one that was restarted long ago', () => {
    const crashing = {
      ...pod('a', undefined),
      containers: [container('old', 90, true), container('new', 3)],
    };
    expect(crashingContainer(crashing)?.name).toBe('new');
  });

  it.each([
    [
      'the one in a crash loop, not its sidecar',
      [container('proxy', 0), { ...container('app', 4), waiting: 'CrashLoopBackOff' }],
      'app',
    ],
    [
      'one that prepares the pod, for which all others wait',
      [
        { ...container('migrate', 6), waiting: 'CrashLoopBackOff', init: true },
        { ...container('app', 0), waiting: 'PodInitializing' },
      ],
      'migrate',
    ],
    [
      'one that runs again for a moment, not a sidecar that waits for it',
      [container('proxy', 0), { ...container('app', 40, true), lastState: { exitCode: 1 } }],
      'app',
    ],
    [
      'one that ended with an error, not one that has done its work',
      [
        { ...container('copy', 0, true), init: true, lastState: { exitCode: 0 } },
        { ...container('app', 1), lastState: { exitCode: 2 } },
      ],
      'app',
    ],
  ])('looks at %s', (_, containers, name) => {
    expect(crashingContainer({ ...pod('a', undefined), containers })?.name).toBe(name);
  });

  it('believes the alert about which of two crashes', () => {
    const looping = (name: string, restarts: number) => ({
      ...container(name, restarts),
      waiting: 'CrashLoopBackOff',
    });
    const crashing = { ...pod('a', undefined), containers: [looping('one', 9), looping('two', 3)] };
    expect(crashingContainer(crashing, 'two')?.name).toBe('two');
    expect(crashingContainer(crashing, 'kube-state-metrics')?.name).toBe('one');
  });
});
