import { describe, expect, it } from 'vitest';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { firingNamed } from '../../workflows/kit/ec2-alerts.ts';
import { findInstanceId } from '../../workflows/kit/ec2-names.ts';
import type { Alert } from '../../workflows/kit/read-context.ts';
import { incidentTriggered } from '../triggers/events.ts';

const id = 'i-0abc12345def67890';
const other = 'i-0ddd1111222233334';
const alert = (fields: Partial<Alert>): Alert => ({
  id: 'Q1',
  key: 'monitor-1',
  status: 'triggered',
  summary: 'monitor-1',
  details: {},
  links: [],
  ...fields,
});

describe('another matter of an instance', () => {
  it.each([
    `EC2 unhealthy: disk full on ${id}`,
    `Disk status check failed on ${id}`,
    `SMART status check: disk sda on ${id} failing`,
    `Replication status check failed on db ${id}`,
    `Website status check failed on ${id}`,
    `Cron job status check ${id}`,
    `System status page is unreachable ${id}`,
    `System status: all good ${id}`,
    `EC2 Status Check OK: ${id}`,
    `UnHealthyHostCount > 0: target ${id} is unhealthy in target group web (EC2)`,
  ])('is not taken for a failed status check: %s', (title) => {
    expect(firingNamed(title, [alert({ summary: title })]).concernsChecks).toBe(false);
    expect(firingNamed(title, []).concernsChecks).toBe(false);
  });

  it.each([
    { instance_status: 'running' },
    { instance_status: 'active' },
    { status_checks: '2/2 checks passed' },
    { StatusCheckFailed: '0.00' },
    { StatusCheckFailed: 'N/A' },
    { note: 'EC2 status checks: passed' },
    { available_metrics: 'CPUUtilization,StatusCheckFailed' },
    { description: 'See https://w.example/x. Check EC2 status checks.' },
    { message: 'CodeDeploy EC2/On-Premises: instance unhealthy' },
    { NewStateValue: 'OK', metric: 'StatusCheckFailed' },
  ])('stays one with what its details say beside it: %j', (details) => {
    expect(firingNamed(`nginx is down on ${id}`, [alert({ details })]).concernsChecks).toBe(false);
  });

  it.each([
    { description: 'The EC2 instance has failed its instance status check.' },
    { MetricName: 'StatusCheckFailed_Instance' },
    { status_checks: '1/2 checks passed' },
    { StatusCheckFailed: '1.0' },
  ])('is none where the details say that the checks fail: %j', (details) => {
    expect(firingNamed(`${id} is down`, [alert({ details })]).concernsChecks).toBe(true);
  });
});

describe('an instance that is mentioned in passing', () => {
  it.each([
    { runbook: `aws ec2 reboot-instances --instance-ids ${other}` },
    { bastion: other },
    { description: `Same as last week for ${other}` },
  ])('is no target: %j', (details) => {
    expect(firingNamed(`EC2 StatusCheckFailed ${id}`, [alert({ details })]).instanceIds).toEqual([id]);
  });

  it('is one where nothing else names an instance', () => {
    expect(
      firingNamed('EC2 unhealthy', [alert({ details: { message: `checks of ${id} failed` } })]).instanceIds,
    ).toEqual([id]);
  });
});

describe('an alert that is over', () => {
  it.each([
    {
      alerts: [
        { status: 'firing', instance: id },
        { status: 'Resolved', instance: other },
      ],
    },
    {
      alerts: [
        { state: 'alerting', instance: id },
        { state: 'ok', instance: other },
      ],
    },
    { instance: id, resolvedAlerts: [{ instance: other }] },
    {
      text: `**Firing**\n\nLabels:\n - instance = ${id}\n\n**Resolved**\n\nLabels:\n - instance = ${other}\n`,
    },
  ])('names no target, however its monitor spells it: %j', (details) => {
    expect(firingNamed('EC2 StatusCheckFailed', [alert({ details })]).instanceIds).toEqual([id]);
  });

  it.each([
    `[RESOLVED] EC2 StatusCheckFailed ${id}`,
    `[OK] StatusCheckFailed ${id}`,
    `Resolved: EC2 unhealthy ${id}`,
  ])('starts nothing: %s', (title) => {
    expect(ec2Unhealthy.respond(incidentTriggered({ title }))).toHaveProperty('no');
  });
});

describe('the instance of the title', () => {
  it.each([`Error: ${id} not responding`, `host load-test-3 ${id} unreachable`])(
    'is kept beside an alert that has a common word: %s',
    (summary) => {
      expect(firingNamed(`EC2 StatusCheckFailed ${id}`, [alert({ summary })]).instanceIds).toEqual([id]);
    },
  );

  it.each([`StatusCheckFailed-${id}`, `ec2-${id}-status`, `web-${id}`])(
    'is found behind a hyphen: %s',
    (text) => {
      expect(findInstanceId([text])).toBe(id);
    },
  );
});
