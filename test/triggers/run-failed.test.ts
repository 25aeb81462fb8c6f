import { describe, expect, it } from 'vitest';
import { usualSeverities } from '../../domain/page.ts';
import { runFailed } from '../../triggers/run-failed.ts';
import { incidentTriggered, runFailedEvent, runTimedOutEvent } from './events.ts';

describe('the run-failed trigger', () => {
  it('pages for a failed run, with all that the failure tells', () => {
    const failure = {
      class: 'ProviderRefused',
      message: 'EC2 refused (403): no',
      activity: 'rebootEc2Instances',
    };
    expect(runFailed.respond(runFailedEvent({ failure }))).toEqual({
      start: 'pageForRun',
      id: 'run-failed/01ec2UnhealthyRestart/i-0abc12345def67890',
      input: {
        runId: 'ec2-unhealthy/PGR0VU2',
        workflow: 'ec2UnhealthyRestart',
        failureClass: 'ProviderRefused',
        target: 'i-0abc12345def67890',
        message: 'EC2 refused (403): no',
        incidentId: 'PGR0VU2',
        activity: 'rebootEc2Instances',
        at: '2026-11-20T09:00:00.000Z',
        rules: { severity: usualSeverities },
      },
    });
  });

  it('pages for a run that took too long', () => {
    expect(runFailed.respond(runTimedOutEvent())).toMatchObject({ start: 'pageForRun' });
  });

  it('pages for no failure of the pager itself, which would go on without end', () => {
    expect(runFailed.respond(runFailedEvent({ workflow: 'pageForRun' }))).toEqual({
      no: 'is not the pager itself',
    });
  });

  it('pages for no run in plan mode, which was to change nothing', () => {
    for (const ended of [runFailedEvent({ mode: 'plan' }), runTimedOutEvent({ mode: 'plan' })])
      expect(runFailed.respond(ended)).toEqual({ no: 'was to change something' });
  });

  it('leaves all other events alone', () => {
    expect(runFailed.respond(incidentTriggered())).toEqual({ no: 'is a run.failed or run.timed_out event' });
  });

  it('is about the run’s workflow and target, so later failures of both join it', () => {
    expect(runFailed.target(runFailedEvent())).toBe('ec2UnhealthyRestart/i-0abc12345def67890');
    expect(runFailed.each).toBe('subject');
  });
});
