import { describe, expect, it } from 'vitest';
import { exampleOf } from '../../../../cli/examples/events.ts';
import { nightlyJobs } from '../../triggers/nightly-jobs.ts';
import { nightlyReport } from '../../triggers/nightly-report.ts';
import { rebootFails } from '../../triggers/reboot-fails.ts';
import { rebootRefused } from '../../triggers/reboot-refused.ts';
import { remediationFails } from '../../triggers/remediation-fails.ts';
import { remediationMoves } from '../../triggers/remediation-moves.ts';
import { workersGone } from '../../triggers/workers-gone.ts';

const at = new Date('2026-11-20T09:00:00Z');
/** An event as `baton events example` prints it, with some of its data changed. */
function event(type: string, changes: object = {}) {
  const found = exampleOf(type, at)?.event;
  if (!found) throw new Error(`There is no example of ${type}`);
  return { ...found, data: { ...(found.data as object), ...changes } as never };
}

describe('the automations of the docs', () => {
  it('page for runs with a tag that fail or time out, as severe as they say', () => {
    for (const type of ['run.failed', 'run.timed_out'])
      expect(remediationFails.respond(event(type))).toMatchObject({
        start: 'pageForRun',
        input: { rules: { connection: 'platform', severity: { TimedOut: 'critical', default: 'warning' } } },
      });
    expect(remediationFails.respond(event('run.failed', { tags: ['other'] }))).toEqual({
      no: 'has a selected tag',
    });
  });

  it.each(['started', 'waiting', 'went_on', 'completed', 'failed', 'timed_out', 'cancelled', 'overdue'])(
    'tell Slack of runs for a service: %s',
    (state) => {
      const service = { id: 'PSHOP', name: 'Checkout' };
      expect(remediationMoves.respond(event(`run.${state}`, { service }))).toMatchObject({
        start: 'tellOfRun',
        input: { channelId: 'C0PLATFORM', workflow: 'ec2UnhealthyRestart' },
      });
      expect(remediationMoves.respond(event(`run.${state}`))).toEqual({ no: 'is of a selected service' });
    },
  );

  it('tell Slack of a reboot that has failed, with what was to be rebooted and why', () => {
    expect(rebootFails.respond(event('activity.failed'))).toMatchObject({
      start: 'tellOfRun',
      input: {
        workflow: 'rebootEc2Instances',
        target: 'ec2:i-0abc12345def67890',
        outcome: 'ProviderRefused',
      },
    });
    expect(rebootFails.respond(event('activity.timed_out'))).toMatchObject({ start: 'tellOfRun' });
    expect(rebootFails.respond(event('activity.failed', { activity: 'addPagerDutyNote' }))).toEqual({
      no: 'is of a selected activity',
    });
  });

  it.each(['refused', 'expired'])('tell Slack of a restart that nobody has approved: %s', (state) => {
    expect(
      rebootRefused.respond(event(`approval.${state}`, { workflow: 'ec2UnhealthyRestart' })),
    ).toMatchObject({
      start: 'tellOfRun',
      input: { workflow: 'ec2UnhealthyRestart', outcome: state },
    });
    expect(rebootRefused.respond(event(`approval.${state}`, { workflow: 'scaleOut' }))).toEqual({
      no: 'is of the restart',
    });
  });

  it.each(['worker.unhealthy', 'schedule.missed'])('hold deployments on %s', (type) => {
    expect(workersGone.respond(event(type))).toMatchObject({ start: 'freezeDeployments' });
  });

  it('follow the jobs of a source', () => {
    const data = { type: 'com.example.job.started', source: '/cron', subject: 'export', body: {} };
    const started = {
      id: 'E1',
      source: '/http/batch',
      type: 'http.batch' as const,
      time: at.toISOString(),
      data,
    };
    expect(nightlyJobs.respond(started)).toMatchObject({
      start: 'followJob',
      input: { withinSeconds: 7_200 },
    });
  });

  it('say in which time a scheduled run is to start and to finish', () => {
    expect(nightlyReport).toMatchObject({
      schedule: { startWithin: '10 minutes' },
      finish: { withinSeconds: 3_600, whenOverdue: 'cancel' },
    });
  });
});
