/** A time of day where somebody is: `09:00`, today, tomorrow or, where no day is named, when it comes next. */
export interface LocalTime {
  time: string;
  day?: 'today' | 'tomorrow' | undefined;
}

const minute = 60_000;
const day = 24 * 60 * minute;

/** Whether the zone is known by this name, as `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** What the clock on the wall shows, as if it were UTC. */
function wallAt(time: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
  });
  const parts = Object.fromEntries(
    format.formatToParts(time).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day: date = 1, hour = 0, minute: minutes = 0 } = parts;
  return Date.UTC(year, month - 1, date, hour, minutes);
}

/**
 * When the wall shows this: once, twice where the clock is set back over it, and where it is set forward over it when it would have been
 * so, which the wall then calls an hour later.
 */
function timesOf(wall: number, timeZone: string): number[] {
  const offset = (time: number) => wallAt(time, timeZone) - Math.floor(time / minute) * minute;
  const before = wall - offset(wall - day);
  const all = [...new Set([before, wall - offset(wall + day)])].sort((one, other) => one - other);
  const shown = all.filter((time) => wallAt(time, timeZone) === wall);
  return shown.length > 0 ? shown : [before];
}

/** When it is so for the first time after `after`, and whether that is tomorrow there. Undefined: that has passed today. */
export function timeAfter(
  { time, day: named }: LocalTime,
  after: number,
  timeZone: string,
): { at: number; isTomorrow: boolean } | undefined {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const today = Math.floor(wallAt(after, timeZone) / day) * day;
  const on = (midnight: number) =>
    timesOf(midnight + hours * 60 * minute + minutes * minute, timeZone).find((at) => at > after);
  const sooner = named === 'tomorrow' ? undefined : on(today);
  if (sooner !== undefined) return { at: sooner, isTomorrow: false };
  const later = named === 'today' ? undefined : on(today + day);
  return later === undefined ? undefined : { at: later, isTomorrow: true };
}

/** `Fri 27 Nov 2026, 09:00 (Europe/Berlin, UTC+1)`. */
export function inWords(at: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    ...{ weekday: 'short', year: 'numeric', month: 'short', day: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit', timeZoneName: 'shortOffset' },
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const { weekday, day: date, month, year, hour, minute: minutes, timeZoneName = '' } = parts;
  const zone = [...new Set([timeZone, timeZoneName.replace(/^GMT(?:\+0$)?/, 'UTC')])].join(', ');
  return `${weekday} ${date} ${month} ${year}, ${hour}:${minutes} (${zone})`;
}
