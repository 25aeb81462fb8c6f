import { describe, expect, it } from 'vitest';
import { cronOf, lastDue } from '../../domain/cron.ts';

function due(text: string, before: string, timeZone = 'UTC') {
  const cron = cronOf(text);
  if (!cron) throw new Error(`${text} is no cron`);
  const moment = lastDue(cron, timeZone, Date.parse(before));
  return moment === undefined ? undefined : new Date(moment).toISOString();
}

describe('when a cron was due last', () => {
  it.each([
    ['0 6 * * *', '2026-11-26T06:00:00Z', '2026-11-26T06:00:00.000Z'],
    ['0 6 * * *', '2026-11-26T05:59:59Z', '2026-11-25T06:00:00.000Z'],
    ['1-59/15 * * * *', '2026-11-26T06:00:10Z', '2026-11-26T05:46:00.000Z'],
    ['*/20 8,17 * * *', '2026-11-26T12:00:00Z', '2026-11-26T08:40:00.000Z'],
    ['30 9 * * mon-fri', '2026-11-29T12:00:00Z', '2026-11-27T09:30:00.000Z'],
    ['0 0 * * 7', '2026-11-26T12:00:00Z', '2026-11-22T00:00:00.000Z'],
    ['0 0 1 JAN,jul *', '2026-11-26T12:00:00Z', '2026-07-01T00:00:00.000Z'],
    ['0 0 29 2 *', '2026-11-26T12:00:00Z', '2024-02-29T00:00:00.000Z'],
    // All fields must hold.
    ['0 0 13 * 5', '2026-11-26T12:00:00Z', '2026-11-13T00:00:00.000Z'],
    ['5/20 * * * *', '2026-11-26T12:24:00Z', '2026-11-26T12:05:00.000Z'],
  ])('%s before %s', (text, before, expected) => expect(due(text, before)).toBe(expected));

  it.each([
    ['winter', '2026-11-26T12:00:00Z', '2026-11-26T05:00:00.000Z'],
    ['summer', '2026-07-01T12:00:00Z', '2026-07-01T04:00:00.000Z'],
  ])('is by the clocks of the place, in %s', (_, before, expected) =>
    expect(due('0 6 * * *', before, 'Europe/Zurich')).toBe(expected),
  );

  it('is not at an hour that the clocks skip, and once at one that they show twice', () => {
    expect(due('30 2 * * *', '2026-03-29T12:00:00Z', 'Europe/Zurich')).toBe('2026-03-28T01:30:00.000Z');
    expect(due('30 2 * * *', '2026-10-25T12:00:00Z', 'Europe/Zurich')).toBe('2026-10-25T00:30:00.000Z');
    expect(due('0 0 * * *', '2026-11-26T12:00:00Z', 'Pacific/Kiritimati')).toBe('2026-11-26T10:00:00.000Z');
  });

  it('may be never', () => expect(due('0 0 30 2 *', '2026-11-26T12:00:00Z')).toBeUndefined());
});

describe('what is no cron', () => {
  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '5-1 * * * *',
    '*/0 * * * *',
    'a * * * *',
    '@daily',
    '1-2-3 * * * *',
    '* * * * day',
  ])('"%s"', (text) => expect(cronOf(text)).toBeUndefined());
});
