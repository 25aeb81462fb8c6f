import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { alertSettings, worded } from '../../../activities/pagerduty/alert-defaults.ts';

const settings = z.object(alertSettings);
const alert = {
  summary: 'restart failed for web: no answer',
  severity: 'error' as const,
  component: 'restart',
  group: 'web',
  class: 'ProviderRefused',
};

describe('the wording of a page', () => {
  it('is its own where the connection has none', () => {
    expect(worded(alert, {})).toEqual({ summary: alert.summary, severity: 'error' });
  });

  it('is the connection’s where it has one', () => {
    const own = settings.parse({
      PAGERDUTY_SEVERITY: 'warning',
      PAGERDUTY_SUMMARY: '[shop] {workflow} on {target}: {class} ({class})',
    });
    expect(worded(alert, own)).toEqual({
      summary: '[shop] restart on web: ProviderRefused (ProviderRefused)',
      severity: 'warning',
    });
  });

  it('takes what it is told as it is: a target is no pattern and no placeholder', () => {
    const own = settings.parse({ PAGERDUTY_SUMMARY: '{target} {class}' });
    expect(worded({ ...alert, group: '$& {class}', class: undefined }, own).summary).toBe('$& {class}');
  });

  it('is its own where the connection’s would be empty', () => {
    const own = settings.parse({ PAGERDUTY_SUMMARY: '{target}' });
    expect(worded({ ...alert, group: undefined }, own).summary).toBe(alert.summary);
  });

  it.each(['{message}', '{{workflow}}', '{workflow', 'workflow}', '{}', '{workflow.x}'])(
    'has no other placeholders: %j',
    (text) => {
      expect(settings.safeParse({ PAGERDUTY_SUMMARY: text }).success).toBe(false);
    },
  );

  it.each(['{workflow}', 'no place', '{target}{class}'])('may be %j', (text) => {
    expect(settings.safeParse({ PAGERDUTY_SUMMARY: text }).success).toBe(true);
  });
});
