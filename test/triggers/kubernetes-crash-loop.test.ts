import { describe, expect, it } from 'vitest';
import { kubernetesCrashLoop } from '../../triggers/kubernetes-crash-loop.ts';
import { incidentResolved, incidentTriggered } from './events.ts';

const respond = (title: string) => kubernetesCrashLoop.respond(incidentTriggered({ id: 'PGR0VU2', title }));

describe('the kubernetes-crash-loop trigger', () => {
  it.each([
    'CrashLoopBackOff: shop/checkout',
    'Pod shop/checkout-7c9f is in a crash loop',
    'Crash loop of checkout',
  ])('looks into "%s"', (title) => {
    expect(respond(title)).toEqual({
      start: 'kubernetesCrashLoopDiagnosis',
      id: 'kubernetes-crash-loop/PGR0VU2',
      input: { incidentId: 'PGR0VU2' },
    });
  });

  it.each([
    'A crash in a loop',
    'A crash-loop',
    'shop/checkout restarts',
    'kubernetesCrashLoopDiagnosis failed',
    '',
  ])('leaves "%s" alone, and says so', (title) => {
    expect(respond(title)).toEqual({ no: 'title reports a crash loop' });
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

  it('finds no workload in a very long title', () => {
    const title = `crash loop ${'a'.repeat(200_000)}/${'-'.repeat(200_000)}`;
    expect(kubernetesCrashLoop.target(incidentTriggered({ title }))).toBe('Checkout');
  });
});
