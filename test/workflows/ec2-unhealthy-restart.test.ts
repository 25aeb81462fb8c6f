import { describe, expect, it } from 'vitest';
import {
  findInstanceId,
  isHealthy,
  isImpaired,
  textsOfAlert,
} from '../../workflows/ec2-unhealthy-restart.ts';

const alert = {
  id: 'PALERT1',
  key: 'checkout-down',
  status: 'triggered' as const,
  summary: 'StatusCheckFailed',
  details: {},
  links: [],
};

describe('the instance that an incident is about', () => {
  it('is the first id: of the title, then of the alert’s key, summary and details', () => {
    const texts = textsOfAlert({
      ...alert,
      key: 'i-0bbb1111',
      summary: 'i-0ccc2222 is down',
      details: { id: 'i-0ddd3333' },
    });
    expect(findInstanceId(['i-0aaa0000 is down', ...texts])).toBe('i-0aaa0000');
    expect(findInstanceId(['Something is down', ...texts])).toBe('i-0bbb1111');
    expect(findInstanceId(texts.slice(1))).toBe('i-0ccc2222');
    expect(findInstanceId(texts.slice(2))).toBe('i-0ddd3333');
  });

  it('is found deep in the details, and after a line break', () => {
    const details = {
      Trigger: { Dimensions: [{ name: 'InstanceId', value: 'Instance:\ni-0abc12345def67890' }] },
    };
    expect(findInstanceId(textsOfAlert({ ...alert, details }))).toBe('i-0abc12345def67890');
  });

  it('is none where numbers, nulls and other ids are all there is', () => {
    const details = { count: 3, none: null, image: 'ami-0abc12345def67890', ok: true };
    expect(findInstanceId(textsOfAlert({ ...alert, details }))).toBeUndefined();
  });
});

describe('the status checks', () => {
  const checks = (system: string, instance: string, ebs: string) => ({ system, instance, ebs });

  it('are healthy when all are ok, where only the one for volumes need not apply', () => {
    expect(isHealthy(checks('ok', 'ok', 'ok'))).toBe(true);
    expect(isHealthy(checks('ok', 'ok', 'not-applicable'))).toBe(true);
    expect(isHealthy(checks('not-applicable', 'not-applicable', 'not-applicable'))).toBe(false);
    expect(isHealthy(checks('ok', 'initializing', 'ok'))).toBe(false);
  });

  it('are a reason to reboot only when one has failed', () => {
    expect(isImpaired(checks('ok', 'impaired', 'ok'))).toBe(true);
    expect(isImpaired(checks('initializing', 'initializing', 'ok'))).toBe(false);
    expect(isImpaired(checks('ok', 'insufficient-data', 'not-applicable'))).toBe(false);
  });
});
