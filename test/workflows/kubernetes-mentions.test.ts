import { describe, expect, it } from 'vitest';
import { findWorkloads } from '../../workflows/kit/kubernetes-names.ts';

const pod = 'checkout-7d9f8c6b5-x2x4q';
const other = 'search-5b6d7c9f8-abcde';
const found = (details: unknown, title = 'CrashLoopBackOff') =>
  findWorkloads(title, [{ status: 'triggered', summary: '', details }]);
const names = (details: unknown, title?: string) =>
  found(details, title).workloads.map(({ namespace, name }) => `${namespace}/${name}`);

describe('what is over', () => {
  it.each([
    { text: `[FIRING] namespace=shop pod=${pod}\n[RESOLVED] namespace=shop pod=${other}` },
    { text: `Firing: namespace=shop pod=${pod}\nResolved: namespace=shop pod=${other}` },
    { namespace: 'shop', pod, recovered: [{ namespace: 'shop', pod: other }] },
    { text: `**Firing**\nnamespace: shop\npod: ${pod}\n**Resolved**\nnamespace: shop\npod: ${other}` },
    { text: `**Firing** namespace=shop pod=${pod} **Resolved** namespace=shop pod=${other}` },
    {
      message: `**Resolved**\nLabels:\n - namespace = shop\n - pod = ${other}\n\n**Firing**\nLabels:\n - namespace = shop\n - pod = ${pod}`,
    },
    {
      description: `Alerts Firing:\nnamespace: shop\npod: ${pod}\nAlerts Resolved:\nnamespace: shop\npod: ${other}`,
    },
    { body: `**Firing: 1**\nPod ${pod} in namespace shop\n**Resolved: 1**\nPod ${other} in namespace shop` },
    {
      text: `status: firing\nnamespace: shop\npod: ${pod}\nstatus: resolved\nnamespace: shop\npod: ${other}`,
    },
    {
      events: [
        { status: 'Resolved', namespace: 'shop', pod: other },
        { namespace: 'shop', pod },
      ],
    },
    { labels: { namespace: 'shop', pod }, second: { state: 'ok', namespace: 'shop', pod: other } },
  ])('counts for nothing: %j', (details) => {
    expect(names(details)).toEqual([`shop/${pod}`]);
  });

  it('is an alert that says so of itself', () => {
    expect(names({ state: 'closed', namespace: 'shop', pod })).toEqual([]);
    expect(names({ alert_transition: 'Recovered', tags: `kube_namespace:shop,pod_name:${pod}` })).toEqual([]);
    expect(names({ NewStateValue: 'OK', Trigger: { Dimensions: { namespace: 'shop', pod } } })).toEqual([]);
    const over = { summary: '[RESOLVED] Pod is crash looping', details: { namespace: 'shop', pod } };
    expect(findWorkloads('CrashLoopBackOff', [over]).workloads).toEqual([]);
  });
});

describe('what is told in passing', () => {
  it.each([
    { runbook: { namespace: 'kube-system', pod: 'coredns-0' } },
    { change: { namespace: 'shop', deployment: 'search' } },
    { siblings: [{ namespace: 'web', pod: 'b-0' }] },
    { previous: { namespace: 'kube-system', pod: other } },
    { alertmanager: { namespace: 'monitoring', pod: 'alertmanager-0' } },
    { sensor: { namespace: 'monitoring', pod: 'sensor-0' } },
    { description: 'See pod coredns-0 in namespace kube-system.' },
    { description: 'Restart it: kubectl -n kube-system rollout restart deployment/coredns' },
    { description: `Same as last week for pod ${other} in namespace web.` },
    { message: 'See https://wiki.example/kube-system/coredns' },
  ])('is no target, whatever else is known: %j', (details) => {
    expect(names(details)).toEqual([]);
    expect(names({ ...details, namespace: 'shop', deployment: 'checkout' })).toEqual(['shop/checkout']);
    expect(names(details, 'CrashLoopBackOff: shop/checkout')).toEqual(['shop/checkout']);
  });

  it('in prose is believed only where nothing else names anything', () => {
    const details = { description: `Pod ${other} in namespace web was restarted, too.` };
    expect(names(details, 'Deployment checkout in namespace shop is crashing')).toEqual(['shop/checkout']);
    expect(names(details)).toEqual([`web/${other}`]);
    expect(names({ message: 'Check failed: pod b-0 in namespace web' })).toEqual(['web/b-0']);
  });

  it('in a list is believed only where the alert itself names nothing', () => {
    const items = [{ namespace: 'web', pod: 'b-0' }];
    expect(names({ namespace: 'shop', pod, items })).toEqual([`shop/${pod}`]);
    expect(names({ items })).toEqual(['web/b-0']);
  });

  it('is no name where a monitor knows none', () => {
    expect(names({ namespace: 'shop', pod: 'unknown', deployment: 'checkout' })).toEqual(['shop/checkout']);
    expect(names({ namespace: 'null', pod })).toEqual([]);
  });

  it('is no name where it is a count', () => {
    expect(names({ namespace: 'shop', deployment: 'checkout', pods: 3 })).toEqual(['shop/checkout']);
    expect(names({ namespace: 'shop', deployment: 'checkout', failed_pods: '2' })).toEqual(['shop/checkout']);
  });

  it('is no namespace for another object', () => {
    expect(names({ namespace: 'shop', pod: `web/${pod}` })).toEqual([]);
  });
});
