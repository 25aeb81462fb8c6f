import { describe, expect, it } from 'vitest';
import type { RunRow } from '../../domain/run.ts';
import { runEnd } from '../../domain/run-end.ts';

const run: RunRow = {
  id: 'manual/1',
  trigger: 'manual',
  workflow: 'ec2UnhealthyRestart',
  subject: 'PGR0VU2',
  target: 'i-0abc12345def67890',
  eventSeq: 0,
  state: 'running',
  createdAt: '2026-11-20T09:00:00.000Z',
};
const at = '2026-11-20T09:01:00.000Z';

describe('the end of a run', () => {
  it('is told to those that wait for its workflow and target, and in plan mode to nobody', () => {
    const end = { state: 'completed', outcome: 'restarted', healthy: true, at, via: 'worker' } as const;
    expect(runEnd(run, end).event.subject).toBe('ec2UnhealthyRestart/i-0abc12345def67890');
    const planned = runEnd(run, { ...end, mode: 'plan' });
    expect(planned.event.subject).toBe('plan/ec2UnhealthyRestart/i-0abc12345def67890');
    expect(runEnd(run, { ...end, mode: 'plan', connection: 'eu' }).event.subject).toBe(
      'eu/plan/ec2UnhealthyRestart/i-0abc12345def67890',
    );
    expect([planned.event.event, planned.entry]).toMatchObject([
      { data: { mode: 'plan' } },
      { subject: 'PGR0VU2', detail: { mode: 'plan' } },
    ]);
  });
});
