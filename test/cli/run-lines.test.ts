import { describe, expect, it } from 'vitest';
import { beginningLine, beginningLines } from '../../cli/run-lines.ts';

const run = {
  id: 'ec2-unhealthy/PGR0VU2',
  trigger: 'ec2-unhealthy',
  workflow: 'ec2UnhealthyRestart',
  target: 'i-0abc12345def67890',
  eventSeq: 7,
  state: 'running' as const,
  createdAt: '2026-11-20T09:00:00.000Z',
};
const whole = {
  ...run,
  event: { id: '01ABC', type: 'pagerduty.incident.triggered' },
  actor: 'trigger:ec2-unhealthy',
  worker: { build: '0123456789abcdef', commit: '89abcde' },
};

describe('what began a run', () => {
  it('is told with on whose behalf it acts, and the code that carries it out', () => {
    expect(beginningLines(whole)).toEqual([
      'began by: pagerduty.incident.triggered (01ABC)',
      'on behalf of: trigger:ec2-unhealthy',
      'worker: build 0123456789abcdef, commit 89abcde',
    ]);
    expect(beginningLine(whole)).toBe(
      'by pagerduty.incident.triggered (01ABC), for trigger:ec2-unhealthy, with build 0123456789abcdef, commit 89abcde',
    );
  });

  it('is the operation of whoever started it', () => {
    expect(beginningLine({ ...run, operation: 'runs.start', actor: 'token:ci' })).toBe(
      'by runs.start, for token:ci',
    );
  });

  it('is left out where it is not known', () => {
    expect(beginningLines(run)).toEqual([]);
    expect(beginningLine(run)).toBe('');
  });
});
