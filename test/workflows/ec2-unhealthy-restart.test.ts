import { describe, expect, it } from 'vitest';
import { isHealthy } from '../../workflows/ec2-unhealthy-restart.ts';
import { firingNamed } from '../../workflows/kit/ec2-alerts.ts';
import { findInstanceId, findInstanceIds, speaksOfStatusChecks } from '../../workflows/kit/ec2-names.ts';
import type { Alert } from '../../workflows/kit/read-context.ts';
import { alert } from './ec2-alert.ts';

const id = 'i-0abc12345def67890';
const labels = (name: string, instance: string) =>
  `Labels:\n - alertname = ${name}\n - instance_id = ${instance}\nAnnotations:\nSource: http://p.example/g\n`;

describe('an instance id', () => {
  it.each([
    `EC2_StatusCheckFailed_${id}`,
    `prod_${id}_instance_status`,
    `arn:aws:ec2:eu-central-1:123456789012:instance/${id}`,
    `https://console.example/ec2?instanceId%3D${id}`,
    `${id}.ec2.internal`,
    `${id}:9100`,
    `awsec2-${id}-GreaterThanOrEqualToThreshold-StatusCheckFailed`,
    `Instance:\n${id}`,
    `"text\\n${id}"`,
  ])('is found in %s', (text) => {
    expect(findInstanceId([text])).toBe(id);
  });

  it.each([
    'my-i-deadbeef',
    'ami-0abc12345def67890',
    'xi-deadbeef',
    'i-0abc123',
    'i-0abc12345def678901',
    'I-0ABC12345DEF67890',
  ])('is none in %s', (text) => {
    expect(findInstanceId([text])).toBeUndefined();
  });
});

describe('a text about status checks', () => {
  it.each([
    'StatusCheckFailed_Instance',
    'ALARM: "prod-web-1 status check"',
    'prod_i-0abc12345def67890_instance_status',
    'aws.ec2.status_check_failed over 0',
    'aws_ec2_status_check_failed_average',
    'EC2 instance status check failed',
    'EC2 unhealthy',
    'Instance reachability check failed',
    'StatusCheckFailed: 1',
  ])('is %s', (text) => {
    expect(speaksOfStatusChecks(text)).toBe(true);
  });

  it.each([
    '[Triggered] Disk usage over 95% on host:i-0abc12345def67890',
    '[FIRING:1] InstanceDown (i-0abc12345def67890:9100 node critical)',
    'StatusCheckFailed: 0',
    'instance_status: ok',
    'runbook: https://wiki.example/status-check',
    'see https://wiki.example/StatusCheckFailed',
  ])('is not %s', (text) => {
    expect(speaksOfStatusChecks(text)).toBe(false);
  });
});

describe('what an incident says of status checks', () => {
  it.each([
    ['key', { key: id }],
    ['summary', { summary: `${id} is down` }],
    ['source', { source: id }],
    ['component', { component: `arn:aws:ec2:eu-central-1:1:instance/${id}` }],
    ['link', { links: [{ href: `https://console.example/ec2#${id}` }] }],
    ['key of a field', { details: { [id]: { status: 'impaired' } } }],
    ['list', { details: { Trigger: { Dimensions: [{ name: 'InstanceId', value: id }] } } }],
    ['list of named values', { details: { list: [{ name: 'InstanceId', value: id }] } }],
    ['JSON in a text', { details: { event: JSON.stringify({ detail: { 'instance-id': id } }) } }],
  ] as const)('names the instance in a %s', (_, fields) => {
    expect(firingNamed('EC2 unhealthy', [alert(fields as Partial<Alert>)]).instanceIds).toEqual([id]);
  });

  it('is nothing where a disk or an exporter is told of, whatever the details say', () => {
    for (const title of [
      `Disk usage over 95% on host:${id}`,
      `[FIRING:1] InstanceDown (${id}:9100 node critical)`,
    ])
      expect(
        firingNamed(title, [alert({ summary: title, details: { note: 'status check' } })]),
      ).toMatchObject({
        concernsChecks: false,
        instanceIds: [],
      });
    expect(firingNamed(`${id} is down`, []).concernsChecks).toBe(false);
  });

  it('is found in an alert where the title tells nothing', () => {
    expect(firingNamed(`${id} is down`, [alert({ details: { metric: 'StatusCheckFailed' } })])).toMatchObject(
      {
        concernsChecks: true,
        instanceIds: [id],
      },
    );
  });

  it('counts what fires only: no resolved alert, and no resolved part of a group', () => {
    const over = 'i-0ddd1111222233334';
    const title = `[FIRING:1, RESOLVED:1] StatusCheckFailed ${over} ${id}`;
    expect(
      firingNamed(title, [
        alert({
          details: { firing: labels('StatusCheckFailed', id), resolved: labels('StatusCheckFailed', over) },
        }),
      ]).instanceIds,
    ).toEqual([id]);
    expect(
      firingNamed(title, [alert({ status: 'resolved', summary: over }), alert({ summary: id })]).instanceIds,
    ).toEqual([id]);
    const list = [
      { status: 'resolved', labels: { instance_id: over } },
      { status: 'firing', labels: { instance_id: id } },
    ];
    expect(firingNamed(title, [alert({ details: { alerts: list } })]).instanceIds).toEqual([id]);
    expect(firingNamed(title, [alert({ status: 'resolved' })]).concernsChecks).toBe(false);
  });

  it('leaves out an alert of another matter in the same incident, and such a part of a group', () => {
    const disk = 'i-0ddd1111222233334';
    const both = [alert({ summary: `Disk full on ${disk}` }), alert({ summary: `StatusCheckFailed ${id}` })];
    expect(firingNamed(`StatusCheckFailed ${id}`, both).instanceIds).toEqual([id]);
    const group = labels('DiskFull', disk) + labels('StatusCheckFailed', id);
    expect(firingNamed('[FIRING:2] Checkout', [alert({ details: { firing: group } })]).instanceIds).toEqual([
      id,
    ]);
  });

  it('tells the region of a field, an ARN and a zone', () => {
    const regionsOf = (details: Record<string, unknown>) =>
      firingNamed('EC2 unhealthy', [alert({ details })]).regions;
    expect(regionsOf({ region: 'us-east-1' })).toEqual(['us-east-1']);
    expect(regionsOf({ arn: `arn:aws:ec2:us-gov-west-1:1:instance/${id}` })).toEqual(['us-gov-west-1']);
    expect(regionsOf({ zone: 'ap-southeast-2b' })).toEqual(['ap-southeast-2']);
    expect(regionsOf({ Region: 'US East (N. Virginia)' })).toEqual(['US East (N. Virginia)']);
  });

  it.each([
    'i-0abc',
    'status check ',
    'https://',
    ' ',
    '"',
    '%2F',
    'a-',
    'us-',
    'Labels:\n',
    '[',
    'ec2 unhealth ',
  ])('is read in little time from 200 KB of "%s"', (piece) => {
    const text = piece.repeat(Math.ceil(200_000 / piece.length));
    const began = performance.now();
    firingNamed(text, [alert({ summary: text, details: { text } })]);
    findInstanceIds([text]);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('the status checks', () => {
  const checks = (system: string, instance: string, ebs: string) => ({ system, instance, ebs });

  it('are healthy when all are ok, where only the one for volumes need not apply', () => {
    expect(isHealthy(checks('ok', 'ok', 'ok'))).toBe(true);
    expect(isHealthy(checks('ok', 'ok', 'not-applicable'))).toBe(true);
    expect(isHealthy(checks('not-applicable', 'not-applicable', 'not-applicable'))).toBe(false);
    expect(isHealthy(checks('ok', 'initializing', 'ok'))).toBe(false);
  });
});
