import { describe, expect, it } from 'vitest';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { incidentResolved, incidentTriggered } from './events.ts';

const condition = 'title names an EC2 instance, a failed status check or an unhealthy EC2';
const respond = (title: string) => ec2Unhealthy.respond(incidentTriggered({ id: 'PGR0VU2', title }));
const yes = { start: 'ec2UnhealthyRestart', id: 'ec2-unhealthy/PGR0VU2', input: { incidentId: 'PGR0VU2' } };

describe('the ec2-unhealthy trigger', () => {
  it.each([
    'checkout-1 (i-0abc12345def67890) is down',
    'i-0abc1234 does not answer',
    'i-0abc12345def67890',
    'ALARM: StatusCheckFailed in eu-central-1',
    'EC2 reports an unhealthy host',
    'Unhealthy target behind ec2/checkout',
    'EC2_StatusCheckFailed_i-0abc12345def67890',
    'prod_i-0abc12345def67890_instance_status',
    'prod-web-1 status check',
    'aws_ec2_status_check_failed_average',
    'StatusCheckFailed_AttachedEBS: disk of i-0abc12345def67890',
    'EC2 status check is not OK: i-0abc12345def67890',
    'i-0abc12345def67890: EC2 status check is not OK',
    'StatusCheckFailed i-0abc12345def67890: ALARM, was OK',
    'StatusCheckFailed i-0abc12345def67890 changed from OK to ALARM',
    'StatusCheckFailed i-0abc12345def67890: could not be recovered',
    'Auto recovery failed: StatusCheckFailed i-0abc12345def67890',
  ])('restarts what is meant by "%s"', (title) => {
    expect(respond(title)).toEqual(yes);
  });

  it.each([
    'p99 latency above 2 s',
    'ami-0abc12345def67890 cannot be found',
    'i-0abc123 is too short',
    'i-0abc12345def678901 is too long',
    'I-0ABC12345DEF67890 is no id',
    'i-0abc12345def6789g',
    'EC2 limits are near',
    'The pod is unhealthy',
    'EC20 is unhealthy',
    'statuscheckfailed',
    '',
  ])('leaves "%s" alone, and says so', (title) => {
    expect(respond(title)).toEqual({ no: condition });
  });

  it.each([
    '[Triggered] Disk usage over 95% on host:i-0abc12345def67890',
    '[FIRING:1] InstanceDown (i-0abc12345def67890:9100 node critical)',
    'High CPU on i-0abc12345def67890',
    'awsec2-i-0abc12345def67890-GreaterThanOrEqualToThreshold-CPUUtilization',
  ])('leaves another matter of an instance alone: "%s"', (title) => {
    expect(respond(title)).toEqual({ no: 'title is about no other matter, such as a disk' });
  });

  it.each([
    'StatusCheckFailed i-0abc12345def67890: OK',
    'StatusCheckFailed i-0abc12345def67890 back to normal',
    'EC2 StatusCheckFailed on i-0abc12345def67890 recovered',
    'StatusCheckFailed cleared on i-0abc12345def67890',
    'UP: EC2 status check i-0abc12345def67890',
    '[Warn → OK] EC2 status check i-0abc12345def67890',
  ])('starts nothing that is over: "%s"', (title) => {
    expect(respond(title)).toEqual({ no: 'title does not say that it is over' });
  });

  it('starts on no later event of the incident', () => {
    expect(ec2Unhealthy.respond(incidentResolved({ title: 'i-0abc12345def67890' }))).toEqual({
      no: 'is a pagerduty.incident.triggered event',
    });
  });

  it('is about the first instance that the title names, else about the service', () => {
    const two = 'i-0abc12345def67890 and i-0def12345abc67890 are down';
    expect(ec2Unhealthy.target(incidentTriggered({ title: two }))).toBe('i-0abc12345def67890');
    expect(ec2Unhealthy.target(incidentTriggered({ title: 'StatusCheckFailed' }))).toBe('Checkout');
  });

  it('stops when a person resolves the incident', () => {
    expect(ec2Unhealthy.whenResolved).toBe('stop');
  });

  it.each([
    ['digits', `i-${'0'.repeat(400_000)}`],
    ['beginnings of ids', 'i-0abc'.repeat(80_000)],
    ['half of the words', 'ec2 unhealth '.repeat(40_000)],
    ['controls', '\u0000\u202e\u001b[31m\ud800'],
  ])('says no to a long title of nothing but %s', (_, title) => {
    expect(respond(title)).toEqual({ no: condition });
  });
});
