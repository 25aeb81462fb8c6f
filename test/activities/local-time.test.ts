import { describe, expect, it } from 'vitest';
import { inWords, isTimeZone, type LocalTime, timeAfter } from '../../activities/local-time.ts';

const berlin = 'Europe/Berlin';
const newYork = 'America/New_York';

function found(local: LocalTime, after: string, timeZone: string): string {
  const next = timeAfter(local, Date.parse(after), timeZone);
  if (!next) return 'passed';
  return `${new Date(next.at).toISOString().slice(0, 16)}${next.isTomorrow ? ' tomorrow' : ''}`;
}

describe('a time of day', () => {
  it.each<[string, LocalTime, string, string, string]>([
    ['later today', { time: '09:00' }, '2026-11-26T05:00Z', berlin, '2026-11-26T08:00'],
    [
      'that has passed is tomorrow',
      { time: '09:00' },
      '2026-11-26T08:30Z',
      berlin,
      '2026-11-27T08:00 tomorrow',
    ],
    ['that is now is tomorrow', { time: '09:00' }, '2026-11-26T08:00Z', berlin, '2026-11-27T08:00 tomorrow'],
    [
      'of tomorrow',
      { time: '09:00', day: 'tomorrow' },
      '2026-11-26T05:00Z',
      berlin,
      '2026-11-27T08:00 tomorrow',
    ],
    ['of today that has passed', { time: '09:00', day: 'today' }, '2026-11-26T12:00Z', berlin, 'passed'],
    [
      'where it is still yesterday',
      { time: '09:00' },
      '2026-11-26T02:00Z',
      newYork,
      '2026-11-26T14:00 tomorrow',
    ],
    [
      'where it is tomorrow already',
      { time: '09:00' },
      '2026-11-26T22:00Z',
      'Asia/Kolkata',
      '2026-11-27T03:30',
    ],
    ['over the end of a year', { time: '00:30' }, '2026-12-31T23:00Z', berlin, '2026-12-31T23:30'],
    [
      'after the night in which the clock is set forward',
      { time: '09:00' },
      '2026-03-28T20:00Z',
      berlin,
      '2026-03-29T07:00 tomorrow',
    ],
    [
      'after the night in which it is set back',
      { time: '09:00' },
      '2026-10-24T20:00Z',
      berlin,
      '2026-10-25T08:00 tomorrow',
    ],
    ['that is left out', { time: '02:30' }, '2026-03-28T23:30Z', berlin, '2026-03-29T01:30'],
    ['that comes twice', { time: '02:30' }, '2026-10-24T23:30Z', berlin, '2026-10-25T00:30'],
    ['that comes twice, the second time', { time: '02:30' }, '2026-10-25T00:45Z', berlin, '2026-10-25T01:30'],
    ['that is left out in New York', { time: '02:30' }, '2026-03-08T06:00Z', newYork, '2026-03-08T07:30'],
    [
      'with half an hour of change',
      { time: '09:00' },
      '2026-04-04T12:00Z',
      'Australia/Lord_Howe',
      '2026-04-04T22:30 tomorrow',
    ],
  ])('%s', (_, local, after, timeZone, at) => {
    expect(found(local, after, timeZone)).toBe(at);
  });

  it('is told with its day, zone and offset', () => {
    expect(inWords(Date.parse('2026-11-27T08:00Z'), berlin)).toBe(
      'Fri 27 Nov 2026, 09:00 (Europe/Berlin, UTC+1)',
    );
    expect(inWords(Date.parse('2026-07-01T00:05Z'), 'UTC')).toBe('Wed 1 Jul 2026, 00:05 (UTC)');
  });

  it.each([
    [berlin, true],
    ['UTC', true],
    ['Middle-earth/Shire', false],
    ['', false],
  ])('of the zone "%s" can be told: %s', (name, isKnown) => {
    expect(isTimeZone(name)).toBe(isKnown);
  });
});
