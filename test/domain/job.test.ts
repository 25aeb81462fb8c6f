import { describe, expect, it } from 'vitest';
import { jobReport } from '../../domain/job.ts';

const reported = (type: string, more: object = {}) => ({
  type,
  source: '/cron',
  subject: 'nightly',
  body: {},
  ...more,
});

describe('what a CloudEvent tells of a job', () => {
  it.each([
    ['com.example.nightly.started', 'started'],
    ['prefect.flow-run.Running', 'started'],
    ['prefect.flow-run.Completed', 'completed'],
    ['io.example/job:succeeded', 'completed'],
    ['com.example.failed', 'failed'],
    ['prefect.flow-run.Crashed', 'failed'],
    ['prefect.flow-run.TimedOut', 'timed out'],
    ['com.example.timed_out', 'timed out'],
    ['prefect.flow-run.Cancelled', 'cancelled'],
    ['com.example.job.canceled', 'cancelled'],
  ])('%s: %s', (type, state) => {
    expect(jobReport(reported(type))).toEqual({ origin: '/cron', job: 'nightly', state });
  });

  it.each(['com.example.job.queued', 'com.example.failed.later', '', 'failedly'])('%s: nothing', (type) => {
    expect(jobReport(reported(type))).toBeUndefined();
  });

  it('needs a subject, by which it is told from other jobs', () => {
    const { subject: _, ...without } = reported('com.example.failed');
    expect(jobReport(without)).toBeUndefined();
  });

  it('takes a message, cut, and a link, if it is one', () => {
    const of = (body: unknown) => jobReport(reported('a.failed', { body }));
    expect(of({ message: 'exit 1', url: 'https://ci.example.com/7' })).toMatchObject({
      message: 'exit 1',
      url: 'https://ci.example.com/7',
    });
    expect(of({ message: 'x'.repeat(5_000) })?.message).toHaveLength(1_000);
    for (const body of [null, 'text', [], { message: 7, url: 'javascript:alert(1)' }])
      expect(of(body)).toEqual({ origin: '/cron', job: 'nightly', state: 'failed' });
  });
});
