import { describe, expect, it } from 'vitest';
import { scaleOutTrigger } from '../../triggers/scale-out.ts';
import { incidentTriggered } from './events.ts';

const answer = (title: string) => scaleOutTrigger.respond(incidentTriggered({ id: 'PGR0VU2', title }));

describe('the scale-out trigger', () => {
  it('asks before it changes anything, as its workflow scales', () => {
    expect(scaleOutTrigger).toMatchObject({
      workflow: 'scaleOut',
      mode: 'propose',
      whenResolved: 'continue',
    });
  });

  it.each([
    'High CPU on deployment checkout in namespace shop',
    'shop/checkout: CPU usage above 90% of its limit',
    '[FIRING:1] CPUThrottlingHigh (shop checkout-5d9f7c-abcde warning)',
    'Pods of shop/checkout are saturated',
    'checkout deployment is overloaded',
    'Traffic spike: checkout pods at full capacity',
    'Heavy load on pods of shop/checkout',
    'Requests are queued at shop/checkout (k8s)',
    'KubeDeployment checkout: cpu 95%',
  ])('answers "%s"', (title) => {
    expect(answer(title)).toEqual({
      start: 'scaleOut',
      id: 'scale-out/PGR0VU2',
      input: { incidentId: 'PGR0VU2' },
    });
  });

  it.each([
    ['High CPU', 'title speaks of pods or names a workload'],
    ['Checkout is overloaded', 'title speaks of pods or names a workload'],
    ['p99 latency of shop/checkout above 2 s', 'title reports more to do than there are pods for'],
    ['CrashLoopBackOff in shop/checkout', 'title reports more to do than there are pods for'],
    [
      'Deployment checkout failed to load its configuration',
      'title reports more to do than there are pods for',
    ],
    ['High load time of the page shop/checkout', 'title reports more to do than there are pods for'],
    ['Load balancer of shop/checkout has no pods', 'title reports more to do than there are pods for'],
    ['No high load on pods of shop/checkout', 'title reports more to do than there are pods for'],
    ['Upload of a payload to a pod fails', 'title reports more to do than there are pods for'],
    ['scaleOut fails: pods overloaded (scale-out/Q1)', 'title reports more to do than there are pods for'],
    [
      'High load on the memory of pods of shop/checkout',
      'title is about nothing that more pods do not mend, such as memory, a disk or a database',
    ],
    [
      'Pods saturate the connection pool: saturation of shop/orders-db',
      'title is about nothing that more pods do not mend, such as memory, a disk or a database',
    ],
    [
      'High CPU on node ip-10-0-1-17 (kubernetes)',
      'title is about nothing that more pods do not mend, such as memory, a disk or a database',
    ],
    [
      'KubeCPUOvercommit: high CPU requests of pods',
      'title is about nothing that more pods do not mend, such as memory, a disk or a database',
    ],
    ['[RESOLVED] High CPU on pods of shop/checkout', 'title does not say that it is over'],
  ])('leaves "%s" alone', (title, no) => {
    expect(answer(title)).toEqual({ no });
  });

  it('tells apart by the workload what its runs page for', () => {
    expect(
      scaleOutTrigger.target(incidentTriggered({ id: 'P1', title: 'High load on pods of shop/checkout' })),
    ).toBe('shop/checkout');
  });
});
