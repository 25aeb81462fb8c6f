import { describe, expect, it } from 'vitest';
import type { Event } from '../../domain/event.ts';
import { usualJobSeverities } from '../../domain/job.ts';
import { followJobs, jobs } from '../../triggers/jobs.ts';
import { defineTrigger } from '../../triggers/trigger.ts';

const time = '2026-11-20T09:00:00.000Z';
const reports = (state: string, subject = 'nightly-export'): Event => ({
  id: 'E1',
  source: '/http/batch',
  type: 'http.batch',
  subject: `http/batch//cron ${subject}`,
  time,
  data: { type: `com.example.job.${state}`, source: '/cron', subject, body: { message: 'exit 1' } },
});

async function handle(_: string): Promise<void> {}

describe('a selection of jobs outside of Temporal', () => {
  it('takes those that report one of its states, all or some by name', () => {
    const trigger = (named?: readonly string[]) =>
      defineTrigger({
        name: 'selects',
        ...jobs({ source: 'batch', states: ['failed', 'cancelled'], ...(named ? { named } : {}) }),
        run: handle,
        input: ({ subject = '' }) => subject,
      });
    expect(trigger().respond(reports('failed'))).toMatchObject({ start: 'handle', input: 'nightly-export' });
    expect(trigger().respond(reports('completed'))).toEqual({ no: 'is a selected state' });
    expect(trigger().respond(reports('queued'))).toEqual({ no: 'tells the state of a job' });
    expect(trigger(['other']).respond(reports('failed'))).toEqual({ no: 'is a selected job' });
  });

  it.each<[string, object, string]>([
    ['a source that cannot be one', { source: 'No Such', states: ['failed'] }, 'names no source'],
    ['no state', { source: 'batch', states: [] }, 'names no state'],
    ['a state that no job reports', { source: 'batch', states: ['complete'] }, 'Did you mean completed?'],
    ['no job', { source: 'batch', states: ['failed'], named: [] }, 'names no job'],
  ])('is refused where it names %s', (_, selection, why) => {
    expect(() => jobs(selection as never)).toThrow(why);
  });
});

describe('a trigger that follows jobs', () => {
  it('begins with a start where they are to end in a time, and gives it along', () => {
    const trigger = followJobs({
      name: 'nightly',
      source: 'batch',
      finishWithin: '2 hours',
      connection: 'data',
    });
    expect(trigger.respond(reports('started'))).toMatchObject({
      start: 'followJob',
      input: {
        source: 'batch',
        report: { job: 'nightly-export', state: 'started' },
        at: time,
        withinSeconds: 7_200,
        severity: usualJobSeverities,
        connection: 'data',
      },
    });
    expect(trigger.respond(reports('failed'))).toMatchObject({ start: 'followJob' });
  });

  it('begins with nothing that calls nobody: a start without a time, a good end, what has no severity', () => {
    const trigger = followJobs({ name: 'nightly', source: 'batch' });
    for (const state of ['started', 'completed', 'cancelled'])
      expect(trigger.respond(reports(state))).toEqual({ no: 'is a selected state' });
    const severe = followJobs({ name: 'nightly', source: 'batch', severity: { cancelled: 'info' } });
    expect(severe.respond(reports('cancelled'))).toMatchObject({
      input: { severity: { cancelled: 'info' } },
    });
    expect(severe.respond(reports('failed'))).toEqual({ no: 'is a selected state' });
  });

  it('is refused with a time that is none', () => {
    expect(() => followJobs({ name: 'nightly', source: 'batch', finishWithin: '0 seconds' })).toThrow(
      'has no fitting finishWithin',
    );
  });
});
