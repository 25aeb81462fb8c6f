import { describe, expect, it } from 'vitest';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { firingNamed, otherMatters } from '../../workflows/kit/ec2-alerts.ts';
import { findInstanceId } from '../../workflows/kit/ec2-names.ts';
import type { Alert } from '../../workflows/kit/read-context.ts';
import { incidentTriggered } from '../triggers/events.ts';
import { alert } from './ec2-alert.ts';

const id = 'i-0abc12345def67890';
const other = 'i-0ddd1111222233334';

describe('what a resolve would close beside the checks of an instance', () => {
  const title = `EC2 ${id} StatusCheckFailed`;
  const own = alert({ summary: title, details: { instance: id } });
  const beside = (fields: Partial<Alert>) =>
    otherMatters(title, [own, alert({ id: 'PALERT2', ...fields })], [id]);

  it.each<[string, Partial<Alert>]>([
    ['a disk', { summary: 'Disk of db-7 is full' }],
    ['a disk of the same instance', { summary: `Disk full on ${id}` }],
    ['what is not known', { summary: 'Checkout answers late' }],
  ])('is %s', (_, fields) => {
    expect(beside(fields)).toEqual([fields.summary]);
  });

  it('is another instance, whose alert has come since', () => {
    const summary = `EC2 ${other} StatusCheckFailed`;
    expect(beside({ summary, details: { instance: other } }).join()).toContain(`${other} fails its checks`);
  });

  it.each<[string, Partial<Alert>]>([
    ['what is over', { summary: 'Disk of db-7 is full', status: 'resolved' }],
    ['another check of the instance', { summary: 'StatusCheckFailed_Instance', details: { instance: id } }],
    ['what names the instance', { summary: `${id} is unreachable` }],
  ])('is not %s', (_, fields) => {
    expect(beside(fields)).toEqual([]);
  });

  it('is nothing where there is one alert or none, whatever it says', () => {
    expect(otherMatters(title, [], [id])).toEqual([]);
    expect(otherMatters(title, [alert({ summary: 'monitor-1' })], [id])).toEqual([]);
  });
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

describe('what has a status of its own beside the instance', () => {
  it.each([
    `nginx unhealthy on EC2 ${id}`,
    `Docker container unhealthy on EC2 ${id}`,
    `EC2 ELB health check failed: ${id} unhealthy`,
    `EC2 volume unhealthy ${id}`,
    `EBS volume status check failed: vol-0abc12345def67890 on ${id}`,
    `Redis instance status check failed on ${id}`,
    'RDS instance status check failed',
    `EC2 ${id} unhealthy in ASG web`,
    `Payment status check failed on ${id}`,
    `Snapshot status check failed ${id}`,
    `Billing system status check failed on ${id}`,
    'Required status check "build" failed',
    'System status: major outage',
    `Agent status check failed on ${id}`,
    `SSL status check failed on ${id}`,
    `StatusCheckFailed: 0 on ${id}`,
    `EC2 ${id} is not unhealthy`,
  ])('is not the matter of a reboot: %s', (title) => {
    expect(firingNamed(title, [alert({ summary: title })]).concernsChecks).toBe(false);
  });

  it.each([
    `db-1: EC2 status check failed ${id}`,
    `EC2 instance status check failed for kubernetes node ${id}`,
    `api-1 status check failed ${id}`,
    `Instance reachability check failed, network unreachable: ${id}`,
    `StatusCheckFailed for jenkins ${id}`,
  ])('takes nothing from a name of a host: %s', (title) => {
    expect(firingNamed(title, []).instanceIds).toEqual([id]);
  });

  it('leaves it to the details where the title names it beside the instance', () => {
    const title = `[Checkout service] ${id} is down`;
    expect(ec2Unhealthy.respond(incidentTriggered({ title }))).toHaveProperty('start');
    expect(firingNamed(title, [alert({ details: { MetricName: 'StatusCheckFailed' } })]).instanceIds).toEqual(
      [id],
    );
  });

  it.each([
    { StatusCheckFailed: 'unknown' },
    { StatusCheckFailed: null },
    { StatusCheckFailed: '' },
    { status_checks: '2/2' },
    { status_checks: { system: 'ok', instance: 'ok' } },
    { system_status: 'green' },
    { monitored: 'StatusCheckFailed, CPUUtilization' },
    { AlarmRule: 'ALARM("cpu") OR ALARM("StatusCheckFailed")' },
    { next_steps: 'Look at the EC2 status checks' },
    { policy: 'EC2 status check policy' },
    { channel: '#ec2-status-checks' },
    { description: 'If the instance status check fails, reboot it.' },
    { message: 'nginx failed; EC2 status checks are fine' },
  ])('is not told by what no check has found: %j', (details) => {
    expect(firingNamed(`${id} is down`, [alert({ details })]).concernsChecks).toBe(false);
  });

  it('is told by the metric, whatever prose says', () => {
    const details = { MetricName: 'CPUUtilization', AlarmDescription: 'instance status check or CPU' };
    expect(firingNamed(`${id} alarm`, [alert({ details })]).concernsChecks).toBe(false);
  });
});

describe('an instance that a field names beside the own one', () => {
  it.each([
    { replica_of: other },
    { healthy_instances: [other] },
    { nat_instance: other },
    { monitored_by: other },
    { custom: `Do not reboot ${other}` },
    { instance: `${other}.eu-central-1.compute.internal:5000`, job: 'yace' },
    { host: other },
    { AlarmDescription: `Failover target is ${other}` },
    { previous: { InstanceId: other } },
    { related: [{ instance: other }] },
  ])('is no target: %j', (more) => {
    const details = { InstanceId: id, ...more };
    expect(firingNamed('EC2 StatusCheckFailed', [alert({ details })]).instanceIds).toEqual([id]);
    expect(firingNamed(`EC2 StatusCheckFailed ${id}`, [alert({ details })]).instanceIds).toEqual([id]);
  });

  it.each([{ source: other }, { key: `watcher-${other}` }, { component: other }])(
    'is no target beside that of the title: %j',
    (fields) => {
      const title = `EC2 StatusCheckFailed ${id}`;
      expect(firingNamed(title, [alert({ summary: title, ...fields })]).instanceIds).toEqual([id]);
    },
  );

  it('is no target where the title names it and tells no matter, and the alert names another', () => {
    const details = { MetricName: 'StatusCheckFailed', InstanceId: id };
    expect(firingNamed(`Report of ${other}`, [alert({ details })]).instanceIds).toEqual([id]);
  });

  it('is no target where the title says so', () => {
    expect(firingNamed(`Do not reboot ${id}: EC2 unhealthy`, []).concernsChecks).toBe(false);
  });

  it('is no target where the summary only mentions it', () => {
    const title = `EC2 StatusCheckFailed ${id} (replacement for ${other})`;
    const details = { InstanceId: id };
    expect(firingNamed(title, [alert({ summary: title, details })]).instanceIds).toEqual([id]);
  });

  it('is no target where an alert of the incident speaks of no checks', () => {
    const nginx = alert({ summary: 'nginx down', details: { InstanceId: other } });
    expect(firingNamed(`EC2 StatusCheckFailed ${id}`, [nginx]).instanceIds).toEqual([id]);
    const cpu = alert({ details: { InstanceId: other, MetricName: 'NetworkIn' } });
    const checks = alert({ details: { InstanceId: id, MetricName: 'StatusCheckFailed' } });
    expect(firingNamed('EC2 unhealthy', [cpu, checks]).instanceIds).toEqual([id]);
  });

  it('is no target in a list of alerts where its own is of a disk', () => {
    const alerts = [
      { status: 'firing', labels: { alertname: 'DiskFull', instance: other } },
      { status: 'firing', labels: { alertname: 'StatusCheckFailed', instance: id } },
    ];
    expect(firingNamed('[FIRING:2] StatusCheckFailed', [alert({ details: { alerts } })]).instanceIds).toEqual(
      [id],
    );
  });

  it.each([
    { tags: `host:${id},env:prod` },
    { tags: [`host:${id}`, 'env:prod'] },
    { Dimensions: `InstanceId=${id}` },
    { labels: { dimension_InstanceId: id, replica_of: other } },
    { HOSTNAME: id, HOSTSTATE: 'DOWN', LASTHOSTSTATE: 'UP' },
    { 'aws.ec2.InstanceId': id, issueState: 'ACTIVATED' },
    { detail: { state: { value: 'ALARM' }, previousState: { value: 'OK' }, instance: id } },
  ])('is one where its field says so: %j', (details) => {
    expect(firingNamed('EC2 unhealthy', [alert({ details })]).instanceIds).toEqual([id]);
  });

  it('is one where the field names several', () => {
    const details = { instanceIds: [id, other] };
    expect(firingNamed('EC2 unhealthy', [alert({ details })]).instanceIds).toEqual([id, other]);
    expect(
      firingNamed('EC2 unhealthy', [alert({ details: { instances: `${id}, ${other}` } })]).instanceIds,
    ).toEqual([id, other]);
  });
});

describe('an alert whose monitor says that all of it is over', () => {
  const title = `EC2 StatusCheckFailed ${id}`;

  it.each([
    { NewStateValue: 'OK', OldStateValue: 'ALARM' },
    { Message: JSON.stringify({ NewStateValue: 'OK' }) },
    { detail: { state: { value: 'OK' }, previousState: { value: 'ALARM' } } },
    { alert_transition: 'Recovered' },
    { data: { essentials: { monitorCondition: 'Resolved' } } },
    { incident: { state: 'closed' } },
    { trigger_status: 'OK' },
    { SERVICESTATE: 'OK', NOTIFICATIONTYPE: 'RECOVERY' },
    { 'kibana.alert.status': 'recovered' },
    { alerts: [{ status: 'resolved', labels: { instance_id: id } }] },
    { num_firing: '0', num_resolved: '1' },
    { title: `[RESOLVED] StatusCheckFailed ${id}` },
  ])('starts no reboot: %j', (details) => {
    expect(firingNamed(title, [alert({ summary: title, details })]).concernsChecks).toBe(false);
  });

  it.each([
    { NewStateValue: 'ALARM', OldStateValue: 'OK' },
    { SERVICESTATE: 'CRITICAL', HOSTSTATE: 'UP', LASTSERVICESTATE: 'OK' },
    { num_firing: '1', num_resolved: '0' },
    { status: 'impaired', system: { status: 'ok' } },
  ])('is not one with this: %j', (details) => {
    expect(firingNamed(title, [alert({ summary: title, details })]).instanceIds).toEqual([id]);
  });

  it('is one by its summary', () => {
    expect(firingNamed(title, [alert({ summary: `[RESOLVED] ${title}` })]).concernsChecks).toBe(false);
  });

  it('leaves its title to itself, where another matter of the instance still fires', () => {
    const over = alert({ status: 'resolved', summary: title });
    const disk = alert({ summary: `Disk full on ${id}` });
    expect(firingNamed(title, [over, disk]).concernsChecks).toBe(false);
    const checks = alert({ details: { MetricName: 'StatusCheckFailed', InstanceId: other } });
    expect(firingNamed(title, [over, checks]).instanceIds).toEqual([other]);
  });
});
