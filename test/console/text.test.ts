import { describe, expect, it } from 'vitest';
import { afterColon, inShell, safeLink, visible, whyNo } from '../../console/text.ts';
import { absolute, countdown, lasting, relative } from '../../console/time.ts';
import { conditionInWords } from '../../domain/story/told-event.ts';

describe('text from outside', () => {
  it('shows what cannot be seen', () => {
    expect(visible('pay\u202egpj.exe\u0000\u200b')).toBe('pay⟨202E⟩gpj.exe⟨0000⟩⟨200B⟩');
    expect(visible('two\nlines\tand ä€😀')).toBe('two\nlines\tand ä€😀');
  });

  it('leads to the web or nowhere', () => {
    expect(safeLink('https://acme.pagerduty.com/incidents/Q2')).toBe(
      'https://acme.pagerduty.com/incidents/Q2',
    );
    for (const link of ['javascript:alert(1)', 'data:text/html,x', '//evil.example', 'nonsense', undefined])
      expect(safeLink(link)).toBeUndefined();
  });

  it('is one word of a shell', () => {
    expect(inShell('ec2-unhealthy/Q2')).toBe('ec2-unhealthy/Q2');
    expect(inShell("it's $(rm)")).toBe("'it'\\''s $(rm)'");
  });

  it('stands after a colon in small letters, but for names', () => {
    expect(afterColon('Reboots i-0abc')).toBe('reboots i-0abc');
    expect(afterColon('EC2 reboot')).toBe('EC2 reboot');
  });
});

describe('why a trigger said no', () => {
  it.each([
    'title names an EC2 instance',
    'was switched off by ada: too many',
    'is about a run that this trigger has led to: one → two',
    'raised by Baton for a failed run of showApproval',
    'has not run for it before (ec2-unhealthy/Q2XYZ)',
    'echo of resolvePagerDutyIncident by a/Q2',
    'older than the state of 2026-11-21T03:00:00Z (resolved)',
    'the incident is resolved',
  ])('is said as in the story of the incident: %s', (reason) =>
    expect(whyNo(reason)).toBe(conditionInWords(reason)),
  );
});

describe('a time', () => {
  const now = Date.parse('2026-11-21T03:06:09.000Z');
  it.each([
    [now - 240_000, '4 min ago'],
    [now - 7_800_000, '2 h 10 min ago'],
    [now + 702_000, 'in 11 min'],
    [now - 1_000, 'now'],
    [now - 3 * 86_400_000, '3 d ago'],
  ])('is told by how far away it is: %s', (at, words) => {
    expect(relative(at, now)).toBe(words);
  });

  it('is told with its zone, and with its day where that is another', () => {
    expect(absolute(Date.parse('2026-11-21T03:02:09Z'), 'UTC', now)).toBe('03:02:09 UTC');
    expect(absolute(Date.parse('2026-11-20T23:02:09Z'), 'UTC', now)).toBe('2026-11-20 23:02:09 UTC');
  });

  it('counts down', () => {
    expect(countdown(now + 702_000, now)).toBe('11:42');
    expect(countdown(now - 1, now)).toBe('0:00');
    expect(countdown(now + 7_200_000, now)).toBe('2 h');
    expect(lasting(84)).toBe('84 ms');
  });
});
