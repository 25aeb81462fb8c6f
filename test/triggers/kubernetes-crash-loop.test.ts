import { describe, expect, it } from 'vitest';
import { kubernetesCrashLoop } from '../../triggers/kubernetes-crash-loop.ts';
import { incidentResolved, incidentTriggered } from './events.ts';

const respond = (title: string) => kubernetesCrashLoop.respond(incidentTriggered({ id: 'PGR0VU2', title }));

describe('the kubernetes-crash-loop trigger', () => {
  it.each([
    'CrashLoopBackOff: shop/checkout',
    'Pod shop/checkout-7c9f is in a crash loop',
    'Crash loop of checkout',
    '[FIRING:1] KubePodCrashLooping (web shop checkout-7d9f8c6b5-x2x4q monitoring/k8s warning)',
    '[FIRING:1] KubernetesPodCrashLooping (shop checkout-7d9f8c6b5-x2x4q)',
    '[FIRING:1] KubeContainerWaiting (web shop checkout-7d9f8c6b5-x2x4q CrashLoopBackOff warning)',
    'PodCrashLoopHigh',
    'checkout is crash-looping in shop',
    'Pod is crash looping.',
    'CRASHLOOPING: checkout',
    'Pod checkout-7d9f8c6b5-x2x4q is CrashloopBackOff on namespace shop',
    'crash loop back-off in shop',
    'Crash Loop Back Off',
    'CRASHLOOPBACKOFF',
    'crash_loop_back_off',
    'Crashing pod checkout-7d9f8c6b5-x2x4q in namespace shop',
    'Container web of checkout keeps crashing',
    'Pods are crashing in shop',
    'Back-off restarting failed container web in pod checkout-7d9f8c6b5-x2x4q_shop',
    'BackOff: back-off restarting failed container',
    'Back-off 5m0s restarting failed container=web pod=checkout-7d9f8c6b5-x2x4q_shop(uid)',
    'back-off 10s restarting failed init container',
    'checkout keeps crashing',
    'checkout keeps on crashing in shop',
    'Pod checkout repeatedly crashes',
    'Deployment checkout is crashing',
    'deployment/checkout is crashing',
    'StatefulSet orders-db in namespace shop is crashing',
    'DaemonSet node-agent crashing',
    'Pod checkout crashed again and again',
    'pods not ready: CrashLoopBackOff',
    'No pods ready, CrashLoopBackOff',
    '0/3 pods ready, crashing',
    'CrashLoopBackOff: 0/3 pods ready',
    'CrashLoopBackOff: 0 pods ready',
    'Pod orders-db-0 is crash looping',
    'orders-db-0 crash looping',
    'checkout 2.0 crash looping',
    'Pod is crash looping over 10 times',
    '10 pods crashing',
    '[FIRING:1, RESOLVED:2] KubePodCrashLooping',
    '[FIRING:1] [RESOLVED:1] KubePodCrashLooping',
    'CrashLoopBackOff of checkout, no crash logs',
    'CrashLoopBackOff of resolved',
    'CrashLoopBackOff not resolved',
    'CrashLoopBackOff kube-system/systemd-resolved',
    'Unresolved: CrashLoopBackOff',
    'OKTA pods are crashing',
    'OK-checkout pod is crash looping',
    '[closed-api] pod crash looping',
    'resolved-api: CrashLoopBackOff',
    'Closed connections: pod crash looping',
    'CrashLoopBackOff has not been resolved',
    'CrashLoopBackOff again after it was resolved',
    '[NOT OK] CrashLoopBackOff',
  ])('looks into "%s"', (title) => {
    expect(respond(title)).toEqual({
      start: 'kubernetesCrashLoopDiagnosis',
      id: 'kubernetes-crash-loop/PGR0VU2',
      input: { incidentId: 'PGR0VU2' },
    });
  });

  it.each([
    'A crash in a loop',
    'The crash rate of the iOS app is above 2 %',
    'Crash of a loop device',
    'crash loop device /dev/loop0',
    'crash loopback interface',
    'The app crashed',
    'CocoaPods builds are crashing',
    'KubeContainerWaiting (web shop checkout-7d9f8c6b5-x2x4q ImagePullBackOff warning)',
    'Back-off pulling image',
    'kubernetes-crash-loop/PGR0VU2 failed',
    'shop/checkout restarts',
    'kubernetesCrashLoopDiagnosis failed',
    'Crashing container ship report',
    'Container ship crashing',
    'Shipping containers crashing into the quay',
    'Job market is crashing',
    'The app keeps crashing on iOS',
    'Chrome keeps crashing',
    'CrashLoopBackOff count is 0',
    'No pods crashing',
    'No crashing pods',
    'no containers are crashing',
    '0 pods in CrashLoopBackOff',
    'No pods in a crash loop',
    'Pod checkout is no longer crash looping',
    'Pods are not crashing',
    'None of the pods are crashing',
    'Deployment done, nothing is crashing',
    'All pods healthy, crash loop resolved',
    'Pods recovered from crashing',
    'CrashLoopBackOff: 0 pods',
    'Pods crashing: 0',
    'Pod checkout: crash loop ended',
    'Crash loop cleared on checkout',
    'Pod checkout stopped crashing',
    '',
  ])('leaves "%s" alone, and says so', (title) => {
    expect(respond(title)).toEqual({ no: 'title reports a crash loop' });
  });

  it.each([
    '[RESOLVED] KubePodCrashLooping',
    '[RESOLVED:1] KubePodCrashLooping (web shop checkout-7d9f8c6b5-x2x4q)',
    'Resolved: CrashLoopBackOff in shop/checkout',
    '[OK] CrashLoopBackOff',
    '✅ Recovered: pod checkout is crash looping',
    '[shop] [OK] CrashLoopBackOff',
    'KubePodCrashLooping of checkout is resolved.',
    'KubePodCrashLooping [RESOLVED]',
    'CrashLoopBackOff of checkout: resolved',
    'CrashLoopBackOff (resolved)',
    'CrashLoopBackOff of checkout - Resolved',
    'Closed: CrashLoopBackOff',
    'RE: [RESOLVED] CrashLoopBackOff',
    'Alert resolved: CrashLoopBackOff',
    'Problem has been resolved in 5m: pod crash looping',
    '[Recovered] [shop] Pod checkout is crash looping',
    '[RESOLVED] Pod checkout is crash looping again',
    '** RECOVERY Service Alert: k8s/CrashLoopBackOff is OK **',
    'RECOVERY: Pod CrashLoopBackOff',
    'CrashLoopBackOff - OK',
    'CrashLoopBackOff is OK',
    'CrashLoopBackOff (OK)',
    'CrashLoopBackOff back to normal',
    'Normal: CrashLoopBackOff',
    '[CLEAR] CrashLoopBackOff',
    '[Alerting → OK] CrashLoopBackOff',
    'CrashLoopBackOff changed from ALARM to OK',
    'CrashLoopBackOff alert has been resolved by the operator',
  ])('starts nothing that is over: %s', (title) => {
    expect(respond(title)).toEqual({ no: 'title does not say that it is over' });
  });

  it('starts on no later event of the incident', () => {
    expect(kubernetesCrashLoop.respond(incidentResolved({ title: 'CrashLoopBackOff' }))).toEqual({
      no: 'is a pagerduty.incident.triggered event',
    });
  });

  it('is about the workload that the title names, else about the service', () => {
    const target = (title: string) => kubernetesCrashLoop.target(incidentTriggered({ title }));
    expect(target('CrashLoopBackOff: shop/checkout')).toBe('shop/checkout');
    expect(target('CrashLoopBackOff')).toBe('Checkout');
  });

  it.each([
    'crash '.repeat(35_000),
    `crash${' '.repeat(200_000)}`,
    `pod ${'crash'.repeat(40_000)}`,
    'pod '.repeat(50_000),
    `back-off${' '.repeat(200_000)}`,
    'a-'.repeat(100_000),
    `namespace ${'a/'.repeat(100_000)}`,
  ])('answers within a moment on a title of 200 KB', (title) => {
    const before = performance.now();
    respond(title);
    kubernetesCrashLoop.target(incidentTriggered({ title }));
    expect(performance.now() - before).toBeLessThan(500);
  });

  it('finds no workload in a very long title', () => {
    const title = `crash loop ${'a'.repeat(200_000)}/${'-'.repeat(200_000)}`;
    expect(kubernetesCrashLoop.target(incidentTriggered({ title }))).toBe('Checkout');
  });
});
