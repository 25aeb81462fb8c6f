/** When something is due by the clock of a place, in the five fields of crontab(5). */
export interface Cron {
  minutes: readonly number[];
  hours: readonly number[];
  days: readonly number[];
  months: readonly number[];
  weekdays: readonly number[];
}

const monthNames = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const weekdayNames = 'sun mon tue wed thu fri sat'.split(' ');
const minuteMilliseconds = 60_000;
const dayMilliseconds = 24 * 3_600_000;
/** A leap day comes back after eight years at the latest. */
const daysBack = 8 * 366;

/** Reads the five fields; undefined where they are none. */
export function cronOf(text: string): Cron | undefined {
  const [minute = '', hour = '', day = '', month = '', weekday = '', ...more] = text.trim().split(/\s+/);
  const minutes = fieldOf(minute, 0, 59);
  const hours = fieldOf(hour, 0, 23);
  const days = fieldOf(day, 1, 31);
  const months = fieldOf(month, 1, 12, monthNames, 1);
  // Seven is Sunday, too.
  const weekdays = fieldOf(weekday, 0, 7, weekdayNames)?.map((each) => each % 7);
  return minutes && hours && days && months && weekdays && more.length === 0
    ? { minutes, hours, days, months, weekdays }
    : undefined;
}

/** `*`, `7`, `1-5`, each with `/2`, and lists of them. */
function fieldOf(
  text: string,
  least: number,
  most: number,
  names: readonly string[] = [],
  first = 0,
): number[] | undefined {
  const numberOf = (word: string) => {
    const place = names.indexOf(word.toLowerCase());
    return place >= 0 ? place + first : Number(/^\d{1,2}$/.test(word) ? word : Number.NaN);
  };
  const all = new Set<number>();
  for (const part of text.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    const [from = '', to, ...more] = range.split('-');
    const begin = range === '*' ? least : numberOf(from);
    // `3/10` begins at 3, and goes on to the end.
    const end = range === '*' || (to === undefined && step !== undefined) ? most : numberOf(to ?? from);
    const by = Number(step ?? 1);
    if (!(begin >= least && end <= most && begin <= end && by >= 1) || more.length > 0) return undefined;
    for (let value = begin; value <= end; value += by) all.add(value);
  }
  return [...all].sort((one, other) => one - other);
}

/**
 * When it was due last, at this time or before it; in milliseconds. Undefined: it never was. All fields must hold, as Temporal takes them. A time
 * that the clocks of the place skip is none; of one that they show twice the first counts.
 */
export function lastDue(cron: Cron, timeZone: string, before: number): number | undefined {
  const clock = clockOf(timeZone);
  const shown = clock(before);
  const today = shown - modulo(shown, dayMilliseconds);
  for (let back = 0; back < daysBack; back += 1) {
    const day = today - back * dayMilliseconds;
    const date = new Date(day);
    const isDay =
      cron.months.includes(date.getUTCMonth() + 1) &&
      cron.days.includes(date.getUTCDate()) &&
      cron.weekdays.includes(date.getUTCDay());
    if (!isDay) continue;
    for (const hour of cron.hours.toReversed())
      for (const minute of cron.minutes.toReversed()) {
        const due = momentOf(day + (hour * 60 + minute) * minuteMilliseconds, clock);
        if (due !== undefined && due <= before) return due;
      }
  }
  return undefined;
}

const modulo = (value: number, by: number) => ((value % by) + by) % by;

/** What the clocks of a place show at a moment, as if it were UTC. */
function clockOf(timeZone: string): (moment: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (moment) => {
    const parts = Object.fromEntries(
      format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  };
}

/** The first moment at which the clocks show this; undefined where they skip it. */
function momentOf(shown: number, clock: (moment: number) => number): number | undefined {
  const offsets = [-dayMilliseconds, dayMilliseconds].map((near) => clock(shown + near) - (shown + near));
  const moments = offsets.map((offset) => shown - offset).filter((moment) => clock(moment) === shown);
  return moments.length === 0 ? undefined : Math.min(...moments);
}
