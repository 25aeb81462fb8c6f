import { nearestOf } from '../../domain/nearest.ts';
import type { RestTime } from '../../domain/person-request.ts';

/** PagerDuty's longest: 7 days (https://developer.pagerduty.com/api-reference/b3A6Mjc0ODE0MA-snooze-an-incident). */
const mostMinutes = 7 * 24 * 60;

const minutesIn: Readonly<Record<string, number>> = { m: 1, h: 60, d: 24 * 60 };
/** `30m`, `2 hours`, `1h30`, `1h 30m`, `1.5h`: a number with its unit, then smaller ones. */
const spans =
  /^(?:(\d{1,5}(?:[.,]\d{1,2})?) ?(d|days?|h|hrs?|hours?|m|mins?|minutes?))(?:(?: |, | and )?(\d{1,3}) ?(h|hrs?|hours?|m|mins?|minutes?)?)?$/;
const halves: Readonly<Record<string, number>> = {
  'half an hour': 30,
  'half hour': 30,
  'an hour': 60,
  'one hour': 60,
  'an hour and a half': 90,
  'half a day': 12 * 60,
  'a day': 24 * 60,
  'one day': 24 * 60,
  'a week': mostMinutes,
};

/** How long in minutes; undefined for anything else, and for what PagerDuty does not take. */
function minutesOf(text: string): number | undefined {
  const said = text.trim().toLowerCase().replaceAll(/\s+/g, ' ').replace(/^for /, '');
  const minutes = Object.hasOwn(halves, said) ? halves[said] : spanOf(said);
  return minutes !== undefined && Number.isInteger(minutes) && minutes >= 1 && minutes <= mostMinutes
    ? minutes
    : undefined;
}

function spanOf(said: string): number | undefined {
  const [, count, unit = '', more, moreUnit] = spans.exec(said) ?? [];
  if (count === undefined) return undefined;
  const of = (each: string) => minutesIn[each.slice(0, 1)] ?? Number.NaN;
  // "1h30" is one and a half hours; "30m 5" and "1d 12" are anybody's guess.
  if (more !== undefined && moreUnit === undefined && !(unit.startsWith('h') && more.length === 2))
    return undefined;
  const rest = more === undefined ? 0 : Number(more) * of(moreUnit ?? 'm');
  if (rest >= of(unit)) return undefined;
  return Math.round(Number(count.replace(',', '.')) * of(unit)) + rest;
}

const clock = /^(\d{1,2})(?:[:.h](\d{2}))? ?(am|pm)?$/;

/** A time of day as `09:00`; undefined for anything else. */
function timeOf(text: string): string | undefined {
  const [, hours, minutes, half] = clock.exec(text) ?? [];
  // A number alone may be an hour or minutes.
  if (hours === undefined || (minutes === undefined && half === undefined)) return undefined;
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (half === 'pm' ? 12 : 0);
  const isHour = half === undefined ? hour < 24 : Number(hours) >= 1 && Number(hours) <= 12;
  if (!isHour || Number(minutes ?? 0) > 59) return undefined;
  return `${String(hour).padStart(2, '0')}:${minutes ?? '00'}`;
}

const days = ['today', 'tomorrow'] as const;

/** How long an incident is to rest: `30m`, or `until 09:00 tomorrow`. Undefined: it cannot be read, or PagerDuty does not take it. */
export function restOf(text: string): RestTime | undefined {
  const words = text.trim().toLowerCase().replaceAll(/\s+/g, ' ').split(' ');
  if (words[0] !== 'until') {
    const minutes = minutesOf(text);
    return minutes === undefined ? undefined : { minutes };
  }
  const rest = words.slice(1).filter((word) => word !== 'at');
  const named = days.find((each) => rest.includes(each));
  const until = timeOf(rest.filter((word) => word !== named).join(' '));
  return until === undefined ? undefined : { until, ...(named === undefined ? {} : { day: named }) };
}

/** What is told of a time that cannot be read. */
export function restHelp(text: string): string {
  const [first = '', ...rest] = text.trim().toLowerCase().split(/\s+/);
  const meant = meantBy(first, rest);
  return `is no time from 1m to 7d: write 30m, 2h or 1d, or until 09:00${meant === undefined ? '' : `. Did you mean ${meant}?`}`;
}

function meantBy(first: string, rest: readonly string[]): string | undefined {
  if (/^\d{1,3}$/.test(first) && rest.length === 0) return `${first}m`;
  if (rest.length === 0) return timeOf(first) === undefined ? undefined : `until ${timeOf(first)}`;
  const until = nearestOf(first, ['until'], 2);
  if (until === undefined) return undefined;
  const words = rest.map((word) =>
    /^[a-z]/.test(word) ? (nearestOf(word, [...days, 'am', 'pm'], 2) ?? word) : word,
  );
  const said = /^\d{1,2}$/.test(words.join(' ')) ? `${words.join(' ')}:00` : words.join(' ');
  return restOf(`until ${said}`) === undefined ? undefined : `until ${said}`;
}
