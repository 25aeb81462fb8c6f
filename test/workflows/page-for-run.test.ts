import { describe, expect, it } from 'vitest';
import { severityOf } from '../../domain/page.ts';
import { alertKey, knownOf } from '../../workflows/page-for-run.ts';

const failure = {
  runId: 'ec2-unhealthy/PGR0VU2',
  workflow: 'ec2UnhealthyRestart',
  failureClass: 'ProviderRefused',
  target: 'i-0abc12345def67890',
  message: 'EC2 refused (403): no',
};

describe('the key of a page', () => {
  it('is the same for all runs that fail in the same way on the same target', () => {
    const key = 'baton/ec2UnhealthyRestart/ProviderRefused/i-0abc12345def67890';
    expect(alertKey(failure)).toBe(key);
    expect(alertKey({ ...failure, runId: 'ec2-unhealthy/POTHER1', message: 'EC2 refused (403): yes' })).toBe(
      key,
    );
  });

  it.each([
    ['workflow', { workflow: 'kubernetesCrashLoopDiagnosis' }],
    ['failure class', { failureClass: 'NotHealthy' }],
    ['target', { target: 'i-0def12345abc67890' }],
  ])('differs with the %s', (_, other) => {
    expect(alertKey({ ...failure, ...other })).not.toBe(alertKey(failure));
  });

  it('keeps a target with slashes in one part, and fits into PagerDuty’s 255 characters', () => {
    expect(alertKey({ ...failure, target: 'shop/checkout' }).split('/')).toHaveLength(4);
    const long = 'x'.repeat(300);
    expect(alertKey({ ...failure, target: `${long}1` }).length).toBeLessThanOrEqual(255);
    expect(alertKey({ ...failure, target: `${long}1` })).not.toBe(
      alertKey({ ...failure, target: `${long}2` }),
    );
  });
});

describe('the pages of an earlier history', () => {
  it('are known with their connections, also as an earlier version has left them', () => {
    const until = 0;
    const pages = [{ key: 'a', connection: 'payments' }, { key: 'a' }];
    expect(knownOf({ pages, until })).toEqual(pages);
    expect(knownOf({ keys: ['a'], connection: 'payments', until })).toEqual([pages[0]]);
    expect(knownOf({ keys: ['a'], until })).toEqual([pages[1]]);
    expect(knownOf(undefined)).toEqual([]);
  });
});

describe('the severity of a page', () => {
  it.each([
    ['critical', ['NotHealthy', 'TimedOut']],
    ['error', ['ProviderRefused', 'ProviderUnavailable', 'Conflict', 'TypeError']],
    ['warning', ['NotConnected', 'InvalidInput']],
  ])('is %s for %s', (severity, classes) => {
    expect(classes.map((each) => severityOf(each))).toEqual(classes.map(() => severity));
  });
});
