import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../domain/event.ts';
import { runOverdue } from '../../triggers/run-overdue.ts';

const overdue = (changes: Partial<RunEvent> = {}) => ({
  id: 'run.overdue/ec2-unhealthy/PGR0VU2',
  source: '/baton',
  type: 'run.overdue' as const,
  subject: 'ec2UnhealthyRestart/i-0abc12345def67890',
  time: '2026-11-20T11:00:00.000Z',
  data: {
    runId: 'ec2-unhealthy/PGR0VU2',
    workflow: 'ec2UnhealthyRestart',
    trigger: 'ec2-unhealthy',
    target: 'i-0abc12345def67890',
    incidentId: 'PGR0VU2',
    outcome: 'overdue',
    healthy: false,
    startedAt: '2026-11-20T09:00:00.000Z',
    dueAt: '2026-11-20T11:00:00.000Z',
    whenOverdue: 'warn' as const,
    ...changes,
  },
});

describe('the run-overdue trigger', () => {
  it('tells of each run that is for an incident, by the account of it', () => {
    expect(runOverdue.respond({ ...overdue(), connection: 'eu' })).toEqual({
      start: 'tellOverdueRun',
      id: 'run-overdue/eu/run.overdue/ec2-unhealthy/PGR0VU2',
      input: {
        runId: 'ec2-unhealthy/PGR0VU2',
        workflow: 'ec2UnhealthyRestart',
        incidentId: 'PGR0VU2',
        connection: 'eu',
        dueAt: '2026-11-20T11:00:00.000Z',
        whenOverdue: 'warn',
      },
    });
  });

  it('has nobody to tell of a run that is for none, and nothing of one that was to change nothing', () => {
    const { incidentId: _, ...data } = overdue().data;
    expect(runOverdue.respond({ ...overdue(), data })).toEqual({ no: 'is for an incident' });
    expect(runOverdue.respond(overdue({ mode: 'plan' }))).toEqual({ no: 'was to change something' });
  });
});
